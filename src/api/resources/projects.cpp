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
#include "loop/learner_choice.h"
#include "loop/project_consensus.h"
#include "loop/semi_supervised.h"
#include "loop/signals.h"
#include "strategies/strategy.h"

namespace querist::api::resources {

template <class Card>
static void check_plugin(const Json& settings, std::string_view field,
                         const std::vector<Card>& cards) {
  const auto given = settings.find(field);
  if (given == settings.end() || !given->is_string() ||
      given->get_ref<const std::string&>().empty())
    return;
  std::vector<std::string_view> names;
  for (const Card& card : cards) {
    if (card.name == given->get_ref<const std::string&>()) return;
    names.push_back(card.name);
  }
  refuse("{} must be one of {}, not \"{}\"", field, fmt::join(names, ", "),
         given->get<std::string>());
}

// The same of a plug-in that may set its parameters, as in forest(trees=300).
template <class Card>
static void check_expression(const std::string& expression, std::string_view field,
                             const std::vector<Card>& cards) {
  check_plugin({{field, expression.substr(0, expression.find('('))}}, field, cards);
}

// A setting as it will be: as given, else as it stands.
static std::string setting(const Json& given, const Params& present, std::string_view name) {
  const auto found = given.find(name);
  if (found == given.end()) return present.text(name);
  if (found->is_string()) return found->get<std::string>();
  return Params(present.specs()).text(name);
}

static void check_learner(const std::string& text) {
  if (text.empty() || loop::is_auto_learner(text)) return;
  std::vector<std::string_view> names = {"auto"};
  for (const learners::Learner& card : learners::all()) {
    if (learners::learns(card, Task::classification)) names.push_back(card.name);
  }
  const std::string_view name = std::string_view(text).substr(0, text.find('('));
  if (std::ranges::find(names, name) == names.end())
    refuse("learner must be one of {}, not \"{}\"", fmt::join(names, ", "), name);
  learners::check_named_learner(text, Task::classification);
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

// The store checks values against their rows; which plug-ins there are is known here.
static void check_plugins(const Json& settings, const Params& present) {
  const auto learner = setting(settings, present, "learner");
  if (settings.contains("learner")) check_learner(learner);
  const auto featurizer = setting(settings, present, "featurizer");
  check_expression(featurizer, "featurizer", featurizers::all());
  if (!featurizer.empty()) featurizers::parse_featurizer(featurizer);
  auto calibrators = calibrators::all();
  calibrators.insert(calibrators.begin(), {.name = "auto"});  // The best of them.
  check_plugin(settings, "calibration", calibrators);
  const auto strategy = setting(settings, present, "strategy");
  check_expression(strategy, "strategy", strategies::all());
  if (settings.contains("ssl")) check_ssl(setting(settings, present, "ssl"));
  if (settings.contains("consensus"))
    loop::parse_consensus(setting(settings, present, "consensus"));
  if (settings.contains("strategy") || settings.contains("learner"))
    loop::strategy_for(strategy, learner);
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
