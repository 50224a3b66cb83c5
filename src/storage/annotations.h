// Annotations as rows, the labels that follow from them, and labels as of any past event.
#pragma once

#include "storage/store.h"

namespace querist::storage {

struct AnnotationQuery {
  std::optional<int64_t> example_id;
  std::optional<std::string> annotator;
  std::optional<int64_t> after;  // Page::next of the page before.
  size_t limit = 50;             // At most 1,000.
  bool with_undos = false;       // Undo rows as well.
};
Page<Annotation> annotations(Store& store, int64_t project_id,
                             const AnnotationQuery& query);  // Newest first.
std::optional<Annotation> find_annotation(Store& store, int64_t project_id, int64_t id);

// Answers that count now for an example: the latest of each annotator that is not undone, oldest
// first.
std::vector<Annotation> live_annotations(Store& store, int64_t example_id);
// The annotator's latest answer or skip that is not undone.
std::optional<Annotation> last_annotation(Store& store, int64_t project_id,
                                          const std::string& annotator);
std::optional<Annotation> annotation_of_lease(Store& store, int64_t lease_id);
std::optional<Annotation> annotation_of_event(Store& store, int64_t sequence);
std::string request_hash_of(Store& store, int64_t annotation_id);

// The same for every labelled example of a project, without skips; in the order they were given.
struct GivenAnswer {
  int64_t row = 0;
  std::string annotator;
  std::string value;
};
std::vector<GivenAnswer> answers_of_labeled(Store& store, int64_t project_id);
// How many answers each annotator ever gave, those undone since among them; in no order.
std::vector<int64_t> answers_by_annotator(Store& store, int64_t project_id);

// Appends; annotation.sequence must already be that of its event. Returns the id.
int64_t insert_annotation(Store& store, const Annotation& annotation,
                          const std::string& request_hash);

// Sets an example's state and label, keeps the project's counts, and notes a changed label with the
// event's sequence.
void set_example_state(Store& store, int64_t example_id, ExampleState state,
                       const std::optional<std::string>& label, int64_t sequence);

enum class LabelUse { training, audit, all };  // training: all when the project is finalised.
// Labels by ascending row, as they are now or as they were right after event `through_event`.
std::vector<Labelled> labels(Store& store, int64_t project_id, LabelUse use);
std::vector<Labelled> labels_as_of(Store& store, int64_t project_id, LabelUse use,
                                   int64_t through_event);

// SHA-256 over canonical JSON of [[row, label], …]: equal for equal labels, whatever their order of
// arrival.
std::string hash_of_labels(const std::vector<Labelled>& labels);

// What one example's label became over time, oldest first; no label: it was taken back.
struct LabelChange {
  std::optional<std::string> label;
  int64_t sequence = 0;
};
std::vector<LabelChange> label_history(Store& store, int64_t project_id, int64_t example_id);

// Labels per class, in the project's class order.
std::vector<int64_t> class_counts(Store& store, int64_t project_id, LabelUse use);

// Seconds that answers took, ascending; answers without a time are left out.
std::vector<double> answer_seconds(Store& store, int64_t project_id);

// The labels of a project in the order in which they came to stand, for learning curves and LURE.
struct AcquiredLabel {
  int64_t example_id = 0;
  int64_t row = 0;
  std::string label;
  bool audit = false;
  std::optional<int64_t> selection_id;
  std::optional<double> propensity;
  int64_t sequence = 0;
};
std::vector<AcquiredLabel> labels_in_order(Store& store, int64_t project_id);

}  // namespace querist::storage
