// querist models: list, show, promote, rollback, history.
#include "storage/models.h"
#include "app/open.h"
#include "base/clock.h"
#include "base/error.h"
#include "serving/deployment.h"

namespace querist::app {

static Json model_row(const ModelVersion& model) {
  return {{"version", model.version},
          {"learner", model.learner},
          {"labels", model.labels},
          {"aliases", model.aliases},
          {"metrics", model.metrics},
          {"gate", model.gate},
          {"params", model.params},
          {"label_hash", model.label_hash},
          {"through_event", model.through_event},
          {"seconds", model.seconds},
          {"featurizer_version", model.featurizer_version},
          {"build", model.build},
          {"sha256", model.sha256},
          {"created_at", rfc3339(model.created_at)}};
}

static std::string model_line(const ModelVersion& model) {
  std::string accuracy = "not known yet";
  if (model.metrics.is_object()) {
    const Json& a = model.metrics["accuracy"];
    accuracy = fmt::format("{:.3f} ({:.3f}–{:.3f})", a["value"].get<double>(),
                           a["ci_low"].get<double>(), a["ci_high"].get<double>());
  }
  return fmt::format("{:>5}  {:>6} labels  accuracy {:<24} {}\n", model.version, model.labels,
                     accuracy, fmt::join(model.aliases, ", "));
}

static std::string change_line(const AliasChange& change) {
  return fmt::format("{}  {:<10} {} -> {}  {}  ({})\n", rfc3339(change.created_at), change.action,
                     change.alias, change.version, change.reason, change.actor);
}

static Json change_row(const AliasChange& change) {
  Json row = {{"alias", change.alias},
              {"version", change.version},
              {"previous", nullptr},
              {"action", change.action},
              {"reason", change.reason},
              {"actor", change.actor},
              {"created_at", rfc3339(change.created_at)}};
  if (change.previous) row["previous"] = *change.previous;
  return row;
}

static int64_t version_argument(const Invocation& invocation) {
  if (invocation.arguments.size() != 2)
    refuse("name a version: querist models {} 3", invocation.arguments[0]);
  Params version({{.name = "version", .fallback = 1, .min = 1, .whole = true}});
  version.set_text("version", invocation.arguments[1]);
  return version.integer("version");
}

static int run(const Invocation& invocation) {
  const auto store = open_folder(invocation);
  const Project project = chosen_project(*store, invocation);
  const std::string action = invocation.arguments.empty() ? "list" : invocation.arguments[0];
  const bool json = invocation.options.flag("json");
  Json items = Json::array();
  std::string text;
  const auto add = [&](const Json& item, const std::string& line) {
    items.push_back(item);
    text += line;
  };
  if (action == "list") {
    for (const ModelVersion& model : storage::models_in_order(*store, project.id))
      add(model_row(model), model_line(model));
  } else if (action == "show") {
    const auto model = storage::find_model(*store, project.id, version_argument(invocation));
    if (!model) fail(Code::not_found, "there is no such version; querist models lists them");
    put_out("", model_row(*model).dump(2) + "\n");
    return 0;
  } else if (action == "promote") {
    const auto change =
        serving::promote(*store, project, invocation.text("alias"), version_argument(invocation),
                         invocation.options.flag("force"), invocation.text("reason"), actor());
    add(change_row(change), change_line(change));
  } else if (action == "rollback") {
    const auto change = storage::roll_back(*store, project.id, invocation.text("alias"),
                                           invocation.text("reason"), actor());
    add(change_row(change), change_line(change));
  } else if (action == "history") {
    for (const AliasChange& change : storage::alias_history(*store, project.id))
      add(change_row(change), change_line(change));
  } else {
    refuse("models knows list, show, promote, rollback and history, not \"{}\"", action);
  }
  put_out("", json ? Json{{"items", items}}.dump() + "\n" : text);
  return 0;
}

Verb models() {
  return {.name = "models",
          .summary =
              "List model versions; show, promote or roll back one; read the history of aliases.",
          .arguments = "ACTION...",
          .example = "querist models promote 7 --project sms --reason \"audited\"",
          .options = {project_option(),
                      data_dir_option(),
                      {.name = "alias", .fallback = "champion", .help = "Alias to move."},
                      {.name = "reason", .fallback = "", .help = "Why; kept in the history."},
                      {.name = "force",
                       .fallback = false,
                       .help = "Promote although the gate did not pass."},
                      json_option()},
          .run = run};
}

}  // namespace querist::app
