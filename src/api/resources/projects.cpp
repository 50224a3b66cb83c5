// Projects: create, list, look at, change.
#include "storage/projects.h"

#include <algorithm>

#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "api/shapes.h"
#include "calibrators/calibrator.h"
#include "data/project_settings.h"
#include "featurizers/featurizer.h"
#include "learners/learner.h"
#include "learners/named_learner.h"
#include "loop/arbiter.h"
#include "loop/learner_choice.h"
#include "loop/project_consensus.h"
#include "loop/semi_supervised.h"
#include "loop/signals.h"
#include "strategies/strategy.h"

namespace querist::api::resources {

// Refuses a name that none of the cards has, with those that fit: learners of numbers, say, are
// refused elsewhere and not offered here.
template <class Cards, class Fits>
static void check_plugin(std::string_view name, std::string_view field, const Cards& cards,
                         Fits fits) {
  std::vector<std::string_view> names;
  for (const auto& card : cards) {
    if (card.name == name) return;
    if (fits(card)) names.push_back(card.name);
  }
  refuse("{} must be one of {}, not \"{}\"", field, fmt::join(names, ", "), name);
}

// Without the parameters, as in forest(trees=300).
static std::string name_in(const std::string& expression) {
  return expression.substr(0, expression.find('('));
}

// For kinds of which a project can use every one.
static constexpr auto fits_any = [](const auto&) { return true; };

// A setting as it will be: as given, else as it stands.
static std::string setting(const Json& given, const Params& present, std::string_view name) {
  const auto found = given.find(name);
  if (found == given.end()) return present.text(name);
  if (found->is_string()) return found->get<std::string>();
  return Params(present.specs()).text(name);
}

// A name that is none is a wrong value here, not something that was not found.
static void check_ssl(const std::string& text) {
  try {
    loop::parse_ssl(text);
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    refuse("ssl must be off, auto or a pseudo-labeler: {}", error.what());
  }
}

static bool is_of_classes(const strategies::QueryStrategy& strategy) {
  return strategy.family != "regression" &&
         (strategy.task == Task::any || strategy.task == Task::classification);
}

// What is made for numbers and reads none of them, as gsx, would run all the same: projects of old
// that have it go on.
static void check_made_for_classes(const std::string& strategy) {
  const auto* card = strategies::parse_strategy(strategy).card;
  if (card->family == "regression") refuse("{} is for regression; projects classify", card->name);
  if (!loop::is_arbiter(strategy)) return;
  for (const std::string& arm : loop::arms_of(strategy)) check_made_for_classes(arm);
}

static void check_strategy(const std::string& strategy) {
  check_plugin(name_in(strategy), "strategy", strategies::all(), is_of_classes);
  check_made_for_classes(strategy);
}

static void check_learner(const std::string& learner) {
  if (loop::is_auto_learner(learner)) return;
  auto cards = learners::all();
  std::erase_if(cards, [](const learners::Learner& card) {
    return !learners::learns(card, Task::classification);
  });
  cards.insert(cards.begin(), {.name = "auto"});  // The best of the cheap ones.
  check_plugin(name_in(learner), "learner", cards, fits_any);
  learners::check_named_learner(learner, Task::classification);
}

static void check_calibration(const std::string& calibration) {
  auto cards = calibrators::all();
  cards.insert(cards.begin(), {.name = "auto"});  // The best of them.
  check_plugin(calibration, "calibration", cards, fits_any);
}

static void check_featurizer(const std::string& featurizer) {
  if (featurizer.empty()) return;  // The usual one.
  check_plugin(name_in(featurizer), "featurizer", featurizers::all(), fits_any);
  featurizers::parse_featurizer(featurizer);
}

// The store checks values against their rows; which plug-ins there are is known here.
static void check_plugins(const Json& settings, const Params& present) {
  const auto value = [&](std::string_view name) { return setting(settings, present, name); };
  if (settings.contains("learner")) check_learner(value("learner"));
  check_featurizer(value("featurizer"));
  if (settings.contains("calibration")) check_calibration(value("calibration"));
  if (settings.contains("strategy")) check_strategy(value("strategy"));
  if (settings.contains("ssl")) check_ssl(value("ssl"));
  if (value("ssl") != "off" && value("augment") != "none")
    refuse(
        "pseudo-labels and texts augmented with typos do not go together yet: set ssl=off or "
        "augment=none");
  if (settings.contains("consensus")) loop::parse_consensus(value("consensus"));
  if (settings.contains("strategy") || settings.contains("learner"))
    loop::strategy_for(value("strategy"), value("learner"));
}

static std::vector<std::string> class_names(const Json& list) {
  std::vector<std::string> names;
  for (const Json& name : list) {
    if (!name.is_string()) refuse("the field \"classes\" must be a list of texts");
    names.push_back(name.get<std::string>());
  }
  return names;
}

static Json given(const Json& body, std::string_view field, const Json& fallback) {
  const auto found = body.find(field);
  return found == body.end() || found->is_null() ? fallback : *found;
}

static Response create(App& app, const Request& request) {
  storage::NewProject input{.name = json_text(request.body, "name"),
                            .task = json_text(request.body, "task", "classification"),
                            .classes = class_names(given(request.body, "classes", Json::array())),
                            .settings = given(request.body, "settings", Json::object())};
  check_plugins(input.settings, Params(project_settings()));
  return created(project_json(storage::create_project(app.store, input, request.who().name)));
}

static Response list_projects(App& app, const Request& request) {
  return ok(
      list_json(storage::projects(app.store, request.after(), request.limit()), project_json));
}

static Response show(App& app, const Request& request) {
  return ok(project_json(storage::project(app.store, request.id("project"))));
}

static Response change(App& app, const Request& request) {
  storage::ProjectChange input{.settings = given(request.body, "settings", Json::object()),
                               .reason = json_text(request.body, "reason", "")};
  check_plugins(input.settings, storage::project(app.store, request.id("project")).settings);
  if (const Json classes = given(request.body, "classes", {}); !classes.is_null())
    input.classes = class_names(classes);
  if (const Json finalised = given(request.body, "finalised", {}); !finalised.is_null())
    input.finalised = finalised.get<bool>();
  return ok(project_json(
      storage::change_project(app.store, request.id("project"), input, request.who().name)));
}

Routes projects() {
  using enum FieldType;
  return {
      {.pattern = "POST /api/v1/projects",
       .role = Role::engineer,
       .handler = create,
       .summary = "Create a project.",
       .request = {{"name", text, "[A-Za-z0-9][A-Za-z0-9._-]{0,63}", true},
                   {"task", text, "classification"},
                   {"classes", list, "May be empty: an import of labels adds them."},
                   {"settings", object, "Any of GET /api/v1/settings/project."}},
       .response = project_fields(),
       .success = 201},
      {.pattern = "GET /api/v1/projects",
       .role = Role::annotator,
       .handler = list_projects,
       .summary = "List projects.",
       .response = project_fields(),
       .query = page_query(),
       .is_list = true},
      {.pattern = "GET /api/v1/projects/{project}",
       .role = Role::annotator,
       .handler = show,
       .summary = "Show a project.",
       .response = project_fields()},
      {.pattern = "PATCH /api/v1/projects/{project}",
       .role = Role::engineer,
       .handler = change,
       .summary = "Change settings, add classes, or finalise.",
       .request =
           {{"settings", object, "Only those to change; null puts a setting back to its fallback."},
            {"classes", list, "The whole list: the present ones in their order, then new ones."},
            {"finalised", flag, "Train on audit labels as well; they no longer measure then."},
            {"reason", text, "Goes into the record."}},
       .response = project_fields()},
  };
}

}  // namespace querist::api::resources
