// querist users and tokens: who may do what.
#include <unistd.h>

#include <iostream>

#include "app/open.h"
#include "base/error.h"
#include "storage/users.h"

namespace querist::app {

static std::string password_from_input() {
  std::string password;
  if (isatty(STDIN_FILENO)) std::cerr << "password: " << std::flush;
  std::getline(std::cin, password);
  return password;
}

static int users(const Invocation& invocation) {
  const auto store = open_folder(invocation);
  const std::string action = invocation.arguments.empty() ? "list" : invocation.arguments[0];
  if (action == "list") {
    for (const User& user : storage::users(*store))
      put_out("", fmt::format("{:<24} {}\n", user.name, word(user.role)));
    return 0;
  }
  if (invocation.arguments.size() != 2) refuse("name a user: querist users {} ada", action);
  const std::string& name = invocation.arguments[1];
  if (action == "add") {
    const auto user = storage::add_user(*store, name, password_from_input(),
                                        from_word<Role>(invocation.text("role"), "role"), actor());
    put_out("", fmt::format("user {} added as {}\n", user.name, word(user.role)));
  } else if (action == "remove") {
    storage::remove_user(*store, name, actor());
    put_out("", fmt::format("user {} removed\n", name));
  } else {
    refuse("users knows list, add and remove, not \"{}\"", action);
  }
  return 0;
}

static int tokens(const Invocation& invocation) {
  const auto store = open_folder(invocation);
  const std::string action = invocation.arguments.empty() ? "list" : invocation.arguments[0];
  if (action == "list") {
    for (const Token& token : storage::tokens(*store)) {
      put_out("", fmt::format("{:>4} {:<24} {:<10} {}\n", token.id, token.name, word(token.role),
                              token.revoked_at ? "revoked" : ""));
    }
    return 0;
  }
  if (invocation.arguments.size() != 2) refuse("tokens add takes a name, tokens revoke a number");
  if (action == "add") {
    const auto made = storage::add_token(*store, invocation.arguments[1],
                                         from_word<Role>(invocation.text("role"), "role"), actor());
    put_out("", made.token + "\n");
  } else if (action == "revoke") {
    Params id({{.name = "id", .fallback = 1, .min = 1, .whole = true}});
    id.set_text("id", invocation.arguments[1]);
    storage::revoke_token(*store, id.integer("id"), actor());
    put_out("", "revoked\n");
  } else {
    refuse("tokens knows list, add and revoke, not \"{}\"", action);
  }
  return 0;
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
          .options = {data_dir_option(), role_option()},
          .run = users};
}

Verb tokens_verb() {
  return {.name = "tokens",
          .summary = "Add, list or revoke tokens for programs; a token is shown once.",
          .arguments = "ACTION...",
          .example = "querist tokens add ci --role engineer",
          .options = {data_dir_option(), role_option()},
          .run = tokens};
}

}  // namespace querist::app
