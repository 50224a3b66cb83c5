// The command line: CLI11 parses what the verbs' rows declare.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>

#include "app/text.h"
#include "app/verb.h"
#include "base/error.h"
#include "base/file.h"

namespace querist::app {

ParamSpec data_dir_option() {
  return {.name = "data_dir",
          .fallback = "./querist-data",
          .help = "Folder that holds everything (also QUERIST_DATA_DIR)."};
}

ParamSpec project_option() {
  return {.name = "project", .fallback = "", .help = "Name of the project."};
}

ParamSpec json_option() { return {.name = "json", .fallback = false, .help = "Print JSON."}; }

std::vector<std::string> Invocation::list(std::string_view name) const {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : options.text(name) + ",") {
    if (c != ',') {
      part += c;
    } else if (!part.empty()) {
      parts.push_back(std::move(part));
      part.clear();
    }
  }
  return parts;
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
    const std::string fallback = to_text(spec.fallback);
    if (!fallback.empty()) option->default_str(fallback);
    option->envname("QUERIST_" + [&] {
      std::string name(spec.name);
      for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      return name;
    }());
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
  } catch (const Error& error) {
    std::fprintf(stderr, "querist: %s\n", error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "querist: %s\n", error.what());
  }
  return 1;
}

}  // namespace querist::app
