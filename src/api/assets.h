// The web page's files inside the binary.
#pragma once

#include <string_view>
#include <vector>

namespace querist::api {

struct Asset {
  std::string_view path;  // "/index.html"
  std::string_view content;
};

// Written by the build from the page's folder; empty when the page was not built.
const std::vector<Asset>& embedded_assets();

}  // namespace querist::api
