// querist strategies, learners and so on: every plug-in of a kind with its parameters.
#include "app/cards.h"
#include "calibrators/calibrator.h"
#include "consensus/consensus.h"
#include "featurizers/featurizer.h"
#include "formats/format.h"
#include "learners/learner.h"
#include "out_of_distribution/detector.h"
#include "pseudo_labelers/pseudo_labeler.h"
#include "stopping/stopping.h"
#include "strategies/strategy.h"
#include "streams/stream.h"

namespace querist::app {

// Plug-ins of some kinds have no parameters or no source; what one lacks is empty.
template <auto all>
static std::vector<Card> cards_of() {
  std::vector<Card> cards;
  for (const auto& own : all()) {
    Card card{.name = own.name, .summary = own.summary, .source = {}, .params = {}};
    if constexpr (requires { own.params; }) card.params = own.params;
    if constexpr (requires { own.source; }) card.source = own.source;
    if constexpr (requires { own.family; }) {
      card.family = own.family;
      card.task = strategies::task_name(own.task);
      card.needs = strategies::signal_list(own.needs);
    }
    if constexpr (requires { own.tasks; }) {
      for (const Task task : own.tasks) card.tasks.push_back(strategies::task_name(task));
      card.gives = strategies::signal_list(own.gives);
    }
    cards.push_back(std::move(card));
  }
  return cards;
}

template <auto all>
static int list(const Invocation& invocation) {
  const auto cards = cards_of<all>();
  put_out("",
          invocation.options.flag("json") ? cards_json(cards).dump(2) + "\n" : cards_text(cards));
  return 0;
}

template <auto all>
static PluginKind kind(std::string_view name, std::string_view title, std::string_view summary,
                       std::string_view example) {
  return {.title = title,
          .cards = cards_of<all>,
          .verb = {.name = name,
                   .summary = summary,
                   .arguments = {},
                   .example = example,
                   .options = {json_option()},
                   .run = list<all>}};
}

std::vector<PluginKind> plugin_kinds() {
  return {
      kind<strategies::all>("strategies", "Query strategies",
                            "List the query strategies and their parameters.",
                            "querist strategies"),
      kind<streams::all>("streams", "Strategies for streams",
                         "List the strategies for streams, which the Python package runs.",
                         "querist streams"),
      kind<learners::all>("learners", "Learners", "List the learners and their parameters.",
                          "querist learners --json"),
      kind<featurizers::all>("featurizers", "Featurizers",
                             "List the featurizers and their parameters.", "querist featurizers"),
      kind<calibrators::all>("calibrators", "Calibrators",
                             "List the calibrators of probabilities: setting calibration.",
                             "querist calibrators"),
      kind<pseudo_labelers::all>("pseudo_labelers", "Pseudo-labelers",
                                 "List the pseudo-labelers and their parameters: setting ssl.",
                                 "querist pseudo_labelers"),
      kind<consensus::all>("consensus", "Consensus methods",
                           "List the consensus methods and their parameters: setting consensus.",
                           "querist consensus"),
      kind<out_of_distribution::all>("out_of_distribution", "Out-of-distribution detectors",
                                     "List the detectors of rows unlike the training rows.",
                                     "querist out_of_distribution"),
      kind<stopping::all>("stopping", "Stopping rules",
                          "List the stopping rules and their parameters.",
                          "querist stopping --json"),
      kind<formats::all>("formats", "File formats", "List the file formats that can be imported.",
                         "querist formats"),
  };
}

}  // namespace querist::app
