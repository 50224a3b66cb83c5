// Files of the page with their types and how long browsers may keep them.
#include "api/page.h"

#include "api/response.h"
#include "base/hash.h"

namespace querist::api {

static constexpr std::string_view page_policy =
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; style-src-attr "
    "'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

static constexpr std::string_view no_page =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Querist</title>"
    "<h1>Querist</h1><p>This server was built without its web page. Build it with <code>make "
    "build</code>. "
    "The API is described at <a href=\"/openapi.json\">/openapi.json</a>.</p></html>\n";

static std::string_view media_type(std::string_view path) {
  static constexpr std::pair<std::string_view, std::string_view> types[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
      {".map", "application/json"},
      {".wasm", "application/wasm"}};
  for (const auto& [ending, type] : types) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

PageFiles::PageFiles(const std::vector<Asset>& assets) {
  for (const Asset& asset : assets) {
    files_[std::string(asset.path)] = {.content = asset.content,
                                       .etag = '"' + sha256_hex(asset.content).substr(0, 20) + '"',
                                       .type = media_type(asset.path),
                                       .immutable = asset.path.starts_with("/assets/")};
  }
}

Response PageFiles::serve(std::string_view path, const Incoming& incoming) const {
  auto found = files_.find(path);
  // A missing file is missing; any other path is one of the page's own, which index.html draws.
  const bool names_file = path.substr(path.rfind('/') + 1).find('.') != std::string_view::npos;
  if (found == files_.end() && !names_file) found = files_.find("/index.html");
  if (found == files_.end() && files_.empty() && !names_file) {
    return {.headers = {{"Content-Type", "text/html; charset=utf-8"}}, .fixed_body = no_page};
  }
  if (found == files_.end()) return problem(404, "there is nothing at this path");
  const File& file = found->second;
  Response response = {
      .headers = {
          {"Content-Type", std::string(file.type)},
          {"Content-Security-Policy", std::string(page_policy)},
          {"ETag", file.etag},
          {"Cache-Control", file.immutable ? "public, max-age=31536000, immutable" : "no-cache"}}};
  if (incoming.header("if-none-match").find(file.etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  response.fixed_body = file.content;
  return response;
}

bool is_api_path(std::string_view path) {
  for (const std::string_view prefix :
       {"/api", "/v2", "/metrics", "/openapi.json", "/label-studio"}) {
    if (path == prefix || (path.starts_with(prefix) && path.substr(prefix.size()).starts_with('/')))
      return true;
  }
  return false;
}

}  // namespace querist::api
