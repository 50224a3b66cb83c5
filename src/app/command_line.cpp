// The command line: CLI11 parses what the verbs' rows declare.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "app/config.h"
#include "app/text.h"
#include "app/verb.h"
#include "base/error.h"
#include "base/file.h"
#include "base/name_list.h"
#include "kernels/vectors.h"

namespace querist::app {

ParamSpec data_dir_option() {
  return {.name = "data_dir",
          .fallback = "./querist-data",
          .help = "Folder that holds everything (also QUERIST_DATA_DIR)."};
}

ParamSpec project_option() {
  return {.name = "project", .fallback = "", .help = "Name of the project."};
}

ParamSpecs with_backend(ParamSpecs own) {
  const ParamSpecs where = {
      data_dir_option(),
      {.name = "server",
       .fallback = "",
       .help = "Work on the server at this URL instead of a folder (also QUERIST_SERVER)."},
      {.name = "token",
       .fallback = "",
       .help = "Token to sign in to the server with (also QUERIST_TOKEN)."}};
  own.insert(own.begin(), where.begin(), where.end());
  return own;
}

ParamSpecs with_project(ParamSpecs own) {
  own = with_backend(std::move(own));
  own.insert(own.begin(), project_option());
  return own;
}

ParamSpec json_option() { return {.name = "json", .fallback = false, .help = "Print JSON."}; }

static std::vector<std::string> names_in(std::string_view option, const std::string& text) {
  try {
    return split_names(text);
  } catch (const Error& error) {
    wrong_usage("{}: {}", flag_of(option), error.what());
  }
}

std::vector<std::string> Invocation::list(std::string_view name) const {
  auto parts = names_in(name, options.text(name));
  if (parts.empty() && (by_flag(name) || !options.text(name).empty()))
    wrong_usage("{} names nothing: name at least one, or leave it out", flag_of(name));
  return parts;
}

int64_t number_argument(std::string_view name, const std::string& text) {
  Params row({{.name = name, .fallback = 1, .min = 1, .whole = true}});
  try {
    row.set_text(name, text);
  } catch (const Error& error) {
    wrong_usage("{}", error.what());
  }
  return row.integer(name);
}

void put_out(const std::string& path, std::string_view content) {
  if (!path.empty() && path != "-") return write_file_atomically(path, content);
  std::fwrite(content.data(), 1, content.size(), stdout);
  std::fflush(stdout);
}

// What a verb's subcommand parsed.
struct Parsed {
  std::vector<std::string> arguments;
  std::vector<std::string> texts;
  std::unique_ptr<bool[]> flags;
  std::vector<CLI::Option*> options;
};

// batch_size is QUERIST_BATCH_SIZE.
static std::string variable_of(std::string_view name) {
  std::string variable = "QUERIST_" + std::string(name);
  for (char& c : variable) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

// What stands for the value in the help: INTEGER, NUMBER, TEXT, or the choices there are.
static std::string value_word(const ParamSpec& spec) {
  if (!spec.choices.empty()) return fmt::format("{}", fmt::join(spec.choices, "|"));
  std::string word(spec.type());
  for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return word;
}

static void declare(CLI::App& app, const Verb& verb, Parsed& parsed) {
  CLI::App* sub = app.add_subcommand(std::string(verb.name), std::string(verb.summary));
  sub->footer("Example:\n  " + std::string(verb.example));
  if (!verb.arguments.empty())
    sub->add_option(std::string(verb.arguments), parsed.arguments)->type_name("");
  parsed.texts.resize(verb.options.size());
  parsed.flags = std::make_unique<bool[]>(verb.options.size());
  for (size_t i = 0; i < verb.options.size(); ++i) {
    const ParamSpec& spec = verb.options[i];
    if (spec.type() == "flag") {
      parsed.options.push_back(
          sub->add_flag(flag_of(spec.name), parsed.flags[i], std::string(spec.help)));
      continue;
    }
    auto* option = sub->add_option(flag_of(spec.name), parsed.texts[i], std::string(spec.help));
    option->type_name(value_word(spec));
    const std::string fallback = to_text(spec.fallback);
    if (!fallback.empty()) option->default_str(fallback);
    option->envname(variable_of(spec.name));
    parsed.options.push_back(option);
  }
}

static Invocation checked(const Verb& verb, const Parsed& parsed) {
  Invocation invocation;
  invocation.arguments = parsed.arguments;
  invocation.options = Params(verb.options);
  for (size_t i = 0; i < verb.options.size(); ++i) {
    if (parsed.options[i]->count() == 0) continue;
    const ParamSpec& spec = verb.options[i];
    if (spec.type() == "flag") {
      invocation.options.set(spec.name, parsed.flags[i]);
    } else {
      invocation.options.set_text(spec.name, parsed.texts[i]);
    }
    const char* variable = std::getenv(variable_of(spec.name).c_str());
    if (!variable || spec.type() == "flag" || variable != parsed.texts[i])
      invocation.flags.emplace(spec.name);
  }
  for (const ParamSpec& spec : verb.options) {
    if (spec.name == "config" && !invocation.text("config").empty())
      read_config(invocation.text("config"), invocation.options);
  }
  return invocation;
}

static bool is_verb(const std::vector<Verb>& all, std::string_view name) {
  return std::any_of(all.begin(), all.end(), [&](const Verb& verb) { return verb.name == name; });
}

int run_command_line(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // A limit on file sizes is then an error, told as a full disk is.
  CLI::App app("Querist: the active-learning loop in one binary.", "querist");
  app.set_version_flag("--version", "querist " QUERIST_VERSION);
  app.require_subcommand(1);
  const std::vector<Verb> all = verbs();
  std::vector<Parsed> parsed(all.size());
  for (size_t i = 0; i < all.size(); ++i) declare(app, all[i], parsed[i]);
  if (argc > 1 && argv[1][0] != '-' && !is_verb(all, argv[1])) {
    std::fprintf(stderr, "querist: there is no command \"%s\"; querist --help lists them\n",
                 argv[1]);
    return 2;
  }
  Invocation invocation;
  const Verb* chosen = nullptr;
  try {
    if (const char* widest = std::getenv("QUERIST_VECTORS")) kernels::limit_vectors(widest);
    app.parse(argc, argv);
    for (size_t i = 0; i < all.size(); ++i) {
      if (!app.got_subcommand(std::string(all[i].name))) continue;
      chosen = &all[i];
      invocation = checked(all[i], parsed[i]);
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const Error& error) {
    std::fprintf(stderr, "querist: %s\n", error.what());
    return 2;
  }
  try {
    return chosen->run(invocation);
  } catch (const WrongUsage& error) {
    std::fprintf(stderr, "querist: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "querist: %s\n", error.what());
  }
  return 1;
}

}  // namespace querist::app
