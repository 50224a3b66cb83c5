// A verb of the command line: its name, its options as self-describing rows, and what it does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/params.h"

namespace querist::app {

struct Invocation {
  Params options;
  std::vector<std::string> arguments;  // What stands without a flag.

  std::string text(std::string_view name) const { return options.text(name); }
  std::vector<std::string> list(std::string_view name) const;  // A comma-separated option.
};

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

// The table of contents, in the order of the help page.
std::vector<Verb> verbs();

// Parses the command line and runs its verb: exit code 0, 1 (it failed) or 2 (wrong usage).
int run_command_line(int argc, char** argv);

// The whole reference as Markdown: verbs, settings, plug-ins, routes.
std::string reference();

// Writes to the path atomically, or to standard output when the path is empty or "-".
void put_out(const std::string& path, std::string_view content);

}  // namespace querist::app
