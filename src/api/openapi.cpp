// Routes and their rows, written as OpenAPI 3.1.
#include "api/openapi.h"

#include <algorithm>
#include <string>

#include "api/http_text.h"

namespace querist::api {

static Json parameters(const Route& route, std::string_view path) {
  Json all = Json::array();
  for (size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
    const std::string_view name = path.substr(at + 1, path.find('}', at) - at - 1);
    Json schema = {{"type", "integer"}, {"minimum", 1}};
    if (is_text_parameter(name)) schema = {{"type", "string"}, {"minLength", 1}};
    all.push_back(
        {{"name", name}, {"in", "path"}, {"required", true}, {"schema", std::move(schema)}});
  }
  for (const Field& field : route.query) {
    Field plain = field;
    plain.required = true;  // A query parameter is absent, never null.
    plain.help = {};
    all.push_back({{"name", field.name},
                   {"in", "query"},
                   {"required", field.required},
                   {"description", field.help},
                   {"schema", field_schema(plain)}});
  }
  return all;
}

static Json request_body(const Route& route) {
  if (route.body == BodyKind::stream) {
    Json content = Json::object();
    for (const char* media : {"application/json", "application/x-ndjson", "text/csv"})
      content[media] = Json::object();
    return {{"required", true}, {"content", std::move(content)}};
  }
  const bool required = std::any_of(route.request.begin(), route.request.end(),
                                    [](const Field& f) { return f.required; });
  return {{"required", required},
          {"content", {{"application/json", {{"schema", object_schema(route.request, true)}}}}}};
}

static Json answer_schema(const Route& route) {
  Json item = object_schema(route.response, false);
  if (!route.is_list) return item;
  return {{"type", "object"},
          {"required", {"items", "next"}},
          {"properties",
           {{"items", {{"type", "array"}, {"items", std::move(item)}}},
            {"next",
             {{"type", {"string", "null"}},
              {"description", "Goes into ?after= for the next page."}}}}}};
}

static std::string operation_id(std::string_view method, std::string_view path) {
  std::string id = lower_case(method);
  for (const char c : path) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain) id += c;
    if (!plain && id.back() != '_') id += '_';
  }
  while (id.back() == '_') id.pop_back();
  return id;
}

static Json operation(const Route& route, std::string_view method, std::string_view path) {
  Json success = {{"description", "Done."}};
  if (route.success != 204) {
    success["content"][std::string(route.media)] =
        route.media == "application/json" ? Json{{"schema", answer_schema(route)}} : Json::object();
  }
  Json result = {{"summary", route.summary},
                 {"operationId", operation_id(method, path)},
                 {"parameters", parameters(route, path)},
                 {"responses",
                  {{std::to_string(route.success), std::move(success)},
                   {"default", {{"$ref", "#/components/responses/problem"}}}}}};
  if (route.role) {
    result["x-role"] = word(*route.role);
    result["security"] = {{{"token", Json::array()}}, {{"session", Json::array()}}};
  } else {
    result["security"] = Json::array();
  }
  if (!route.request.empty() || route.body == BodyKind::stream)
    result["requestBody"] = request_body(route);
  return result;
}

static Json components() {
  const Json problem = {{"type", "object"},
                        {"required", {"error"}},
                        {"properties",
                         {{"error",
                           {{"type", "object"},
                            {"required", {"code", "message"}},
                            {"properties",
                             {{"code", {{"type", "string"}}},
                              {"message", {{"type", "string"}}},
                              {"request_id", {{"type", "string"}}}}}}}}}};
  return {{"responses",
           {{"problem",
             {{"description", "What went wrong and what to do about it."},
              {"content", {{"application/json", {{"schema", problem}}}}}}}}},
          {"securitySchemes",
           {{"token", {{"type", "http"}, {"scheme", "bearer"}}},
            {"session", {{"type", "apiKey"}, {"in", "cookie"}, {"name", "querist_session"}}}}}};
}

Json openapi(const Routes& routes, std::string_view version) {
  Json paths = Json::object();
  for (const Route& route : routes) {
    const size_t space = route.pattern.find(' ');
    const std::string_view method = route.pattern.substr(0, space);
    const std::string_view path = route.pattern.substr(space + 1);
    paths[std::string(path)][lower_case(method)] = operation(route, method, path);
  }
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Querist"},
            {"version", version},
            {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"paths", std::move(paths)},
          {"components", components()}};
}

}  // namespace querist::api
