// The cards of every plug-in.
#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"
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

namespace querist::api::resources {

// Cards of some kinds have no parameters or no source; what a card lacks is empty.
template <class Card>
static Json card_json(const Card& card) {
  Json params = Json::array();
  if constexpr (requires { card.params; }) {
    for (const ParamSpec& spec : card.params) params.push_back(param_json(spec));
  }
  std::string_view source;
  if constexpr (requires { card.source; }) source = card.source;
  Json json = {{"name", card.name},
               {"summary", card.summary},
               {"source", source},
               {"params", std::move(params)}};
  if constexpr (requires { card.family; }) {
    json["family"] = card.family;
    json["task"] = strategies::task_name(card.task);
    json["needs"] = strategies::signal_list(card.needs);
  }
  if constexpr (requires { card.gives; }) json["gives"] = strategies::signal_list(card.gives);
  if constexpr (requires { card.tasks; }) {
    json["tasks"] = Json::array();
    for (const Task task : card.tasks) json["tasks"].push_back(strategies::task_name(task));
  }
  return json;
}

template <class Card>
static Json cards_json(const std::vector<Card>& cards) {
  Json list = Json::array();
  for (const Card& card : cards) list.push_back(card_json(card));
  return list;
}

static Response list(App&, const Request&) {
  return ok({{"strategies", cards_json(strategies::all())},
             {"streams", cards_json(streams::all())},
             {"learners", cards_json(learners::all())},
             {"featurizers", cards_json(featurizers::all())},
             {"formats", cards_json(formats::all())},
             {"calibrators", cards_json(calibrators::all())},
             {"pseudo_labelers", cards_json(pseudo_labelers::all())},
             {"consensus", cards_json(consensus::all())},
             {"out_of_distribution", cards_json(out_of_distribution::all())},
             {"stopping", cards_json(stopping::all())}});
}

Routes plugins() {
  return {
      {.pattern = "GET /api/v1/plugins",
       .role = Role::annotator,
       .handler = list,
       .summary = "Every plug-in with its parameters.",
       .response = {{"strategies", FieldType::list,
                     "{name, summary, source, params, family, task, needs}", true},
                    {"streams", FieldType::list, "", true},
                    {"learners", FieldType::list, "", true},
                    {"featurizers", FieldType::list, "", true},
                    {"formats", FieldType::list, "", true},
                    {"calibrators", FieldType::list, "", true},
                    {"pseudo_labelers", FieldType::list, "", true},
                    {"consensus", FieldType::list, "", true},
                    {"out_of_distribution", FieldType::list, "", true},
                    {"stopping", FieldType::list, "", true}}},
  };
}

}  // namespace querist::api::resources
