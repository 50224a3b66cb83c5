// One label an example out of overlapping answers, by the consensus method that a project's setting
// names.
#pragma once

#include <string_view>

#include "consensus/consensus.h"
#include "storage/store.h"

namespace querist::loop {

struct ChosenConsensus {
  const consensus::ConsensusMethod* method = nullptr;
  Params params;
};
// The setting `consensus`: NAME or NAME(key=value). Throws not_found for a name that is none, and
// invalid_argument for a wrong parameter and for a method that reads a model's probabilities: its
// labels would train and measure the very model that had a say in them.
ChosenConsensus parse_consensus(std::string_view text);

// Sets the label of each labelled example with two answers or more to the class that the method
// finds likeliest (it stays where no class is likelier), audit examples as well, with one event
// `labels_aggregated`: what is trained, measured and proven afterwards reads labels as always.
// Answers to all labelled examples tell how far each annotator can be trusted. With majority_vote,
// labels are what labelling made them; only after another method they are brought back. Leaves out
// examples whose label changes meanwhile.
void aggregate_labels(storage::Store& store, int64_t project_id);

// Puts the method into the row of a model that is trained on such labels.
void note_consensus(const Project& project, ModelVersion& version);

}  // namespace querist::loop
