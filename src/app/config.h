// querist.toml: a verb's settings in a file, checked by the same rows as its flags.
#pragma once

#include <filesystem>
#include <string>

#include "base/params.h"

namespace querist::app {

// Sets what the file says and nothing else has set yet. Throws invalid_argument that names the
// file, the line and the setting.
void read_config(const std::filesystem::path& path, Params& options);

// Every setting as a line of a file: those that are set as they are, all others commented out.
std::string config_text(const Params& options);

}  // namespace querist::app
