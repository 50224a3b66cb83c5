// querist users and tokens: who may do what.
#include <unistd.h>

#include <iostream>

#include "api/http_text.h"
#include "app/backend.h"
#include "base/error.h"

namespace querist::app {

static std::string password_from_input() {
  std::string password;
  if (isatty(STDIN_FILENO)) std::cerr << "password: " << std::flush;
  std::getline(std::cin, password);
  return password;
}

// Prints JSON or, a line each, what `line` makes of the items.
static int print_list(const Backend& backend, const Invocation& invocation,
                      const std::string& target, std::string (*line)(const Json&)) {
  const Json answer = ask(backend, "GET", target);
  if (invocation.options.flag("json")) {
    put_out("", Json{{"items", answer["items"]}}.dump() + "\n");
    return 0;
  }
  for (const Json& item : answer["items"]) put_out("", line(item));
  return 0;
}

static int print_one(const Invocation& invocation, const Json& row, const std::string& text) {
  put_out("", (invocation.options.flag("json") ? row.dump() : text) + "\n");
  return 0;
}

static int users(const Invocation& invocation) {
  const std::string action = invocation.arguments.empty() ? "list" : invocation.arguments[0];
  if (action != "list" && action != "add" && action != "remove")
    wrong_usage("users knows list, add and remove, not \"{}\"", action);
  if (action != "list" && invocation.arguments.size() != 2)
    wrong_usage("name a user: querist users {} ada", action);
  const Backend backend = open_backend(invocation);
  if (action == "list") {
    return print_list(backend, invocation, "/api/v1/users", [](const Json& user) {
      return fmt::format("{:<24} {}\n", user["name"].get<std::string>(),
                         user["role"].get<std::string>());
    });
  }
  const std::string& name = invocation.arguments[1];
  if (action == "add") {
    const Json body = {
        {"name", name}, {"password", password_from_input()}, {"role", invocation.text("role")}};
    const Json user = ask(backend, "POST", "/api/v1/users", body);
    return print_one(invocation, user,
                     fmt::format("user {} added as {}", name, user["role"].get<std::string>()));
  }
  ask(backend, "DELETE", "/api/v1/users/" + api::percent_encode(name));
  return print_one(invocation, {{"removed", name}}, fmt::format("user {} removed", name));
}

static int tokens(const Invocation& invocation) {
  const std::string action = invocation.arguments.empty() ? "list" : invocation.arguments[0];
  if (action != "list" && action != "add" && action != "revoke")
    wrong_usage("tokens knows list, add and revoke, not \"{}\"", action);
  if (action != "list" && invocation.arguments.size() != 2)
    wrong_usage("tokens add takes a name, tokens revoke a number");
  const int64_t id = action == "revoke" ? number_argument("token", invocation.arguments[1]) : 0;
  const Backend backend = open_backend(invocation);
  if (action == "list") {
    return print_list(backend, invocation, "/api/v1/tokens", [](const Json& token) {
      return fmt::format("{:>4} {:<24} {:<10} {}\n", token["id"].get<int64_t>(),
                         token["name"].get<std::string>(), token["role"].get<std::string>(),
                         token["revoked_at"].is_null() ? "" : "revoked");
    });
  }
  if (action == "add") {
    const Json body = {{"name", invocation.arguments[1]}, {"role", invocation.text("role")}};
    const Json made = parse_json(backend.send(
        {.method = "POST", .target = "/api/v1/tokens", .body = body.dump(), .once = true}));
    return print_one(invocation, made, made["token"].get<std::string>());
  }
  ask(backend, "DELETE", fmt::format("/api/v1/tokens/{}", id));
  return print_one(invocation, {{"revoked", id}}, "revoked");
}

static ParamSpec role_option() {
  return {.name = "role",
          .fallback = "annotator",
          .choices = {"annotator", "reviewer", "engineer", "officer", "admin"},
          .help = "What the holder may do; each role may do what those before it may."};
}

Verb users_verb() {
  return {.name = "users",
          .summary = "Add, list or remove people; the password is read from standard input.",
          .arguments = "ACTION...",
          .example = "querist users add ada --role admin",
          .options = with_backend({role_option(), json_option()}),
          .run = users};
}

Verb tokens_verb() {
  return {.name = "tokens",
          .summary = "Add, list or revoke tokens for programs; a token is shown once.",
          .arguments = "ACTION...",
          .example = "querist tokens add ci --role engineer",
          .options = with_backend({role_option(), json_option()}),
          .run = tokens};
}

}  // namespace querist::app
