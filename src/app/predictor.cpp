// The folder's models answer directly: millions of rows need no JSON between.
#include "app/predictor.h"

#include "api/http_text.h"
#include "base/error.h"
#include "base/hash.h"
#include "storage/projects.h"

namespace querist::app {

static Predictor of_folder(storage::Store& store, const std::string& project,
                           const std::string& alias) {
  serving::Deployments deployments(store);
  const auto deployment = deployments.of_alias(storage::project(store, project), alias);
  return {.payload = deployment->payload,
          .columns = deployment->columns,
          .classes = deployment->classes,
          .predict = [deployment](std::span<const Payload> payloads, bool with_ood) {
            return serving::predict(*deployment, payloads, with_ood);
          }};
}

static PayloadKind payload_of(const Json& project) {
  for (const auto kind : {PayloadKind::text, PayloadKind::columns, PayloadKind::image}) {
    if (project["payload"] == payload_word(kind)) return kind;
  }
  return PayloadKind::embedding;
}

// One tensor of Open Inference V2; `add` puts a payload's values into its flat data.
template <class Add>
static Json tensor(const std::string& name, const char* type, std::span<const Payload> payloads,
                   Add&& add) {
  Json data = Json::array();
  for (const Payload& payload : payloads) add(payload, data);
  Json shape = {payloads.size()};
  if (std::string_view(type) == "FP32") shape.push_back(payloads[0].embedding.size());
  return {{"name", name}, {"datatype", type}, {"shape", shape}, {"data", std::move(data)}};
}

static Json inputs_of(const Predictor& predictor, std::span<const Payload> payloads) {
  switch (predictor.payload) {
    case PayloadKind::text:
      return {tensor("text", "BYTES", payloads,
                     [](const Payload& p, Json& data) { data.push_back(p.text); })};
    case PayloadKind::image:
      return {tensor("image", "BYTES", payloads,
                     [](const Payload& p, Json& data) { data.push_back(encode_base64(p.image)); })};
    case PayloadKind::embedding:
      return {tensor("embedding", "FP32", payloads, [](const Payload& p, Json& data) {
        for (const float number : p.embedding) data.push_back(number);
      })};
    case PayloadKind::columns:
      break;
  }
  Json inputs = Json::array();
  for (size_t c = 0; c < predictor.columns.size(); ++c) {
    inputs.push_back(tensor(predictor.columns[c], "BYTES", payloads,
                            [c](const Payload& p, Json& data) { data.push_back(p.cells[c]); }));
  }
  return inputs;
}

static serving::Prediction read_outputs(const Json& answer, size_t rows, size_t classes) {
  serving::Prediction prediction;
  for (const Json& output : answer["outputs"]) {
    if (output["name"] == "label")
      prediction.labels = output["data"].get<std::vector<std::string>>();
    if (output["name"] == "probabilities") {
      prediction.probabilities = Matrix(rows, classes);
      prediction.probabilities.values = output["data"].get<std::vector<float>>();
    }
    if (output["name"] == "ood_score")
      prediction.ood_scores = output["data"].get<std::vector<double>>();
    if (output["name"] == "is_ood") {
      for (const Json& flag : output["data"]) prediction.is_ood.push_back(flag.get<bool>());
    }
  }
  if (prediction.labels.size() != rows || prediction.probabilities.values.size() != rows * classes)
    fail(Code::unavailable, "the server answered for another number of rows than it was asked");
  return prediction;
}

static Predictor of_server(const Backend& backend, const std::string& project,
                           const std::string& alias) {
  const std::string path = project_path(project);
  const Json row = ask(backend, "GET", path);
  Json found;
  each_item(backend, path + "/models", 0, [&](const Json& model) {
    for (const Json& name : model["aliases"]) {
      if (name == alias) found = model;
    }
  });
  if (found.is_null()) {
    fail(Code::not_found,
         "the project {} has no model with the alias {} yet: label some examples first", project,
         alias);
  }
  Predictor predictor{.payload = payload_of(row),
                      .columns = {},
                      .classes = found["classes"].get<std::vector<std::string>>(),
                      .predict = {}};
  for (const Json& column : row["columns"])
    predictor.columns.push_back(column["name"].get<std::string>());
  const std::string target =
      fmt::format("/v2/models/{}/versions/{}/infer", api::percent_encode(project),
                  found["version"].get<int64_t>());
  predictor.predict = [backend, target, shape = predictor](std::span<const Payload> payloads,
                                                           bool with_ood) {
    Json body = {{"inputs", inputs_of(shape, payloads)}};
    if (with_ood) body["parameters"] = {{"ood", true}};
    return read_outputs(ask(backend, "POST", target, body), payloads.size(), shape.classes.size());
  };
  return predictor;
}

Predictor predictor_of(const Backend& backend, const std::string& project,
                       const std::string& alias) {
  return backend.store ? of_folder(*backend.store, project, alias)
                       : of_server(backend, project, alias);
}

}  // namespace querist::app
