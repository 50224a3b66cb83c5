// Serves the embedded web page: its files, and index.html for every path of the page's own.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/assets.h"
#include "api/message.h"

namespace querist::api {

class PageFiles {
 public:
  explicit PageFiles(const std::vector<Asset>& assets);

  Response serve(std::string_view path, const Incoming& incoming) const;

 private:
  struct File {
    std::string_view content;
    std::string etag;
    std::string_view type;
    bool immutable = false;  // Its name holds a hash of its content.
  };
  std::map<std::string, File, std::less<>> files_;
};

// Whether a path belongs to the API, so that an unknown one is an error and not the page.
bool is_api_path(std::string_view path);

}  // namespace querist::api
