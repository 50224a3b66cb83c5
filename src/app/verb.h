// A verb of the command line: its name, its options as self-describing rows, and what it does.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/params.h"

namespace querist::app {

struct Invocation {
  Params options;
  std::set<std::string, std::less<>> flags;
  std::vector<std::string> arguments;  // What stands without a flag.

  std::string text(std::string_view name) const { return options.text(name); }
  // Given on the command line itself, not by a variable or a file.
  bool by_flag(std::string_view name) const { return flags.contains(name); }
  std::vector<std::string> list(std::string_view name) const;  // An option of several.
};

// Something wrong with how a verb was called: exit code 2.
struct WrongUsage : Error {
  using Error::Error;
};

template <class... Args>
[[noreturn]] void wrong_usage(fmt::format_string<Args...> format, Args&&... args) {
  throw WrongUsage(Code::invalid_argument, fmt::format(format, std::forward<Args>(args)...));
}

// An argument that must be a whole number from 1 up.
int64_t number_argument(std::string_view name, const std::string& text);

struct Verb {
  std::string_view name;
  std::string_view summary;
  std::string_view arguments;  // As shown in the usage line, such as "PATH…"; empty: takes none.
  std::string_view example;
  ParamSpecs options{};
  int (*run)(const Invocation& invocation) = nullptr;
};

// Options that several verbs share.
ParamSpec data_dir_option();
ParamSpec project_option();
ParamSpec json_option();
// A verb's own options after those that say where it works: --data-dir, --server, --token.
ParamSpecs with_backend(ParamSpecs own);
// The same with --project before them.
ParamSpecs with_project(ParamSpecs own);

// The table of contents, in the order of the help page.
std::vector<Verb> verbs();

// Parses the command line and runs its verb: exit code 0, 1 (it failed) or 2 (wrong usage).
int run_command_line(int argc, char** argv);

// The whole reference as Markdown: verbs, settings, plug-ins, routes.
std::string reference();

// Writes to the path atomically, or to standard output when the path is empty or "-".
void put_out(const std::string& path, std::string_view content);

}  // namespace querist::app
