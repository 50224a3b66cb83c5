// The Open Inference Protocol V2 in JSON: metadata, readiness and inference for each project's
// model.
#include "api/app.h"
#include "api/response.h"
#include "api/route.h"
#include "base/hash.h"
#include "serving/deployment.h"
#include "storage/models.h"
#include "storage/projects.h"

namespace querist::api::resources {

using serving::Deployment;

static std::shared_ptr<const Deployment> deployment_of(App& app, const Request& request,
                                                       bool by_version) {
  const Project project = storage::project(app.store, request.id("model"));
  return by_version ? app.deployments.of_version(project, request.number_id("version"))
                    : app.deployments.of_alias(project, "champion");
}

static Json tensor(std::string_view name, std::string_view datatype, const Json& shape) {
  return {{"name", name}, {"datatype", datatype}, {"shape", shape}};
}

static Json metadata(const std::string& name, const Deployment& deployment) {
  Json inputs = Json::array();
  if (deployment.payload == PayloadKind::text) inputs.push_back(tensor("text", "BYTES", {-1}));
  if (deployment.payload == PayloadKind::image) inputs.push_back(tensor("image", "BYTES", {-1}));
  if (deployment.payload == PayloadKind::embedding)
    inputs.push_back(tensor("embedding", "FP32", {-1, deployment.dimensions}));
  for (const std::string& column : deployment.columns)
    inputs.push_back(tensor(column, "BYTES", {-1}));
  return {{"name", name},
          {"versions", {std::to_string(deployment.version)}},
          {"platform", "querist"},
          {"inputs", inputs},
          {"outputs",
           {tensor("label", "BYTES", {-1}),
            tensor("probabilities", "FP32", {-1, deployment.classes.size()})}}};
}

// A value of a column as the text that an import would have read.
static std::string cell_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "";
  return value.dump();
}

// The inputs of a request by name, each with its flat data.
class Inputs {
 public:
  Inputs(const Json& body, const Deployment& deployment) {
    const auto given = body.find("inputs");
    if (given == body.end() || !given->is_array())
      refuse("the field \"inputs\" must be a list of tensors");
    for (const Json& input : *given) add(input, deployment);
    if (by_name_.empty()) refuse("\"inputs\" is empty: the model reads {}", expected(deployment));
  }

  const Json& data(const std::string& name, const Deployment& deployment) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end())
      refuse("the input \"{}\" is missing: the model reads {}", name, expected(deployment));
    return found->second;
  }

 private:
  static std::string expected(const Deployment& deployment) {
    if (!deployment.columns.empty()) return fmt::format("{}", fmt::join(deployment.columns, ", "));
    return std::string(payload_word(deployment.payload));
  }

  void add(const Json& input, const Deployment& deployment) {
    const std::string name = json_text(input, "name");
    const bool column = std::find(deployment.columns.begin(), deployment.columns.end(), name) !=
                        deployment.columns.end();
    if (!column && (!deployment.columns.empty() || name != payload_word(deployment.payload))) {
      refuse("the model has no input \"{}\": it reads {}", name, expected(deployment));
    }
    const auto data = input.find("data");
    if (data == input.end() || !data->is_array())
      refuse("the input \"{}\" has no \"data\" list", name);
    Json flat = Json::array();
    flatten(*data, flat, 0);
    check_shape(input, name, flat.size());
    if (!by_name_.emplace(name, std::move(flat)).second)
      refuse("the input \"{}\" is given twice", name);
  }

  static void flatten(const Json& value, Json& flat, int depth) {
    if (!value.is_array()) {
      flat.push_back(value);
      return;
    }
    if (depth > 8) refuse("the input's data is nested more than 8 levels deep");
    for (const Json& part : value) flatten(part, flat, depth + 1);
  }

  static void check_shape(const Json& input, const std::string& name, size_t values) {
    const auto shape = input.find("shape");
    if (shape == input.end()) return;
    if (!shape->is_array()) refuse("the shape of \"{}\" must be a list of whole numbers", name);
    double product = 1;
    for (const Json& size : *shape) {
      if (!size.is_number_integer() || size.get<int64_t>() < 0)
        refuse("the shape of \"{}\" must be a list of whole numbers", name);
      product *= size.get<double>();
    }
    if (product != static_cast<double>(values)) {
      refuse("the shape of \"{}\" asks for {:g} values, but data has {}", name, product, values);
    }
  }

  std::map<std::string, Json> by_name_;
};

static std::vector<Payload> text_payloads(const Json& data, const char* name, bool image) {
  std::vector<Payload> payloads(data.size());
  for (size_t i = 0; i < data.size(); ++i) {
    if (!data[i].is_string()) refuse("value {} of \"{}\" must be a text", i, name);
    if (!image) {
      payloads[i].text = data[i].get<std::string>();
      continue;
    }
    auto bytes = decode_base64(data[i].get_ref<const std::string&>());
    if (!bytes) refuse("value {} of \"image\" must be the image's bytes as Base64", i);
    payloads[i].image = std::move(*bytes);
  }
  return payloads;
}

static std::vector<Payload> embedding_payloads(const Json& data, size_t dimensions) {
  if (dimensions == 0 || data.size() % dimensions != 0) {
    refuse("\"embedding\" must hold rows of {} numbers, but has {} values", dimensions,
           data.size());
  }
  std::vector<Payload> payloads(data.size() / dimensions);
  for (size_t i = 0; i < data.size(); ++i) {
    if (!data[i].is_number()) refuse("value {} of \"embedding\" must be a number", i);
    payloads[i / dimensions].embedding.push_back(data[i].get<float>());
  }
  return payloads;
}

static std::vector<Payload> column_payloads(const Inputs& inputs, const Deployment& deployment) {
  std::vector<Payload> payloads;
  for (size_t c = 0; c < deployment.columns.size(); ++c) {
    const Json& data = inputs.data(deployment.columns[c], deployment);
    if (c == 0) payloads.resize(data.size());
    if (data.size() != payloads.size()) {
      refuse("the column \"{}\" has {} values, the first one {}", deployment.columns[c],
             data.size(), payloads.size());
    }
    for (size_t i = 0; i < data.size(); ++i) payloads[i].cells.push_back(cell_text(data[i]));
  }
  return payloads;
}

static std::vector<Payload> payloads_of(const Json& body, const Deployment& deployment) {
  const Inputs inputs(body, deployment);
  switch (deployment.payload) {
    case PayloadKind::text:
      return text_payloads(inputs.data("text", deployment), "text", false);
    case PayloadKind::image:
      return text_payloads(inputs.data("image", deployment), "image", true);
    case PayloadKind::embedding:
      return embedding_payloads(inputs.data("embedding", deployment), deployment.dimensions);
    case PayloadKind::columns:
      return column_payloads(inputs, deployment);
  }
  fail(Code::internal, "the model reads no known kind of payload");
}

// {"parameters": {"ood": true}} asks how unlike the training rows each input is.
static bool wants_ood(const Json& body) {
  const auto parameters = body.find("parameters");
  if (parameters == body.end() || !parameters->contains("ood")) return false;
  const Json& value = (*parameters)["ood"];
  if (!value.is_boolean()) refuse("the parameter \"ood\" must be true or false");
  return value.get<bool>();
}

static void add_ood(const serving::Prediction& prediction, Json& outputs) {
  Json scores = tensor("ood_score", "FP64", {prediction.ood_scores.size()});
  scores["data"] = prediction.ood_scores;
  Json flags = tensor("is_ood", "BOOL", {prediction.is_ood.size()});
  flags["data"] = Json::array();
  for (const uint8_t flag : prediction.is_ood) flags["data"].push_back(flag != 0);
  outputs.push_back(scores);
  outputs.push_back(flags);
}

static Response infer(App& app, const Request& request, bool by_version) {
  const auto deployment = deployment_of(app, request, by_version);
  const auto payloads = payloads_of(request.body, *deployment);
  for (size_t i = 0; deployment->featurizer.check && i < payloads.size(); ++i) {
    if (const std::string reason = deployment->featurizer.check(payloads[i]); !reason.empty())
      refuse("input {}: {}", i, reason);
  }
  const auto prediction = serving::predict(*deployment, payloads, wants_ood(request.body));
  Json label = tensor("label", "BYTES", {payloads.size()});
  label["data"] = prediction.labels;
  Json probabilities =
      tensor("probabilities", "FP32", {payloads.size(), deployment->classes.size()});
  probabilities["data"] = prediction.probabilities.values;
  probabilities["parameters"] = {{"classes", deployment->classes}};
  Json outputs = {label, probabilities};
  if (wants_ood(request.body)) add_ood(prediction, outputs);
  return ok({{"model_name", request.id("model")},
             {"model_version", std::to_string(deployment->version)},
             {"id", json_text(request.body, "id", request.request_id)},
             {"outputs", outputs}});
}

static Response server_metadata(App& app, const Request&) {
  return ok({{"name", "querist"}, {"version", app.version}, {"extensions", Json::array()}});
}

static Response model_ready(App& app, const Request& request, bool by_version) {
  deployment_of(app, request, by_version);
  return ok({{"name", request.id("model")}, {"ready", true}});
}

Routes inference() {
  using enum FieldType;
  const Fields infer_request = {
      {"id", text},
      {"inputs", list, "Tensors: text, embedding, image or one a column.", true},
      {"outputs", list},
      {"parameters", object, "{\"ood\": true} asks for ood_score and is_ood of each input."}};
  const Fields infer_response = {
      {"model_name", text}, {"model_version", text}, {"id", text}, {"outputs", list}};
  const Fields model_response = {
      {"name", text}, {"versions", list}, {"platform", text}, {"inputs", list}, {"outputs", list}};
  const Fields ready_response = {{"name", text}, {"ready", flag}};
  const size_t limit = size_t{64} << 20;
  return {
      {.pattern = "GET /v2",
       .role = anyone,
       .handler = server_metadata,
       .summary = "Server metadata.",
       .response = {{"name", text}, {"version", text}, {"extensions", list}}},
      {.pattern = "GET /v2/models/{model}",
       .role = Role::annotator,
       .handler =
           [](App& app, const Request& r) {
             return ok(metadata(r.id("model"), *deployment_of(app, r, false)));
           },
       .summary = "Inputs and outputs of the champion.",
       .response = model_response},
      {.pattern = "GET /v2/models/{model}/versions/{version}",
       .role = Role::annotator,
       .handler =
           [](App& app, const Request& r) {
             return ok(metadata(r.id("model"), *deployment_of(app, r, true)));
           },
       .summary = "Inputs and outputs of a version.",
       .response = model_response},
      {.pattern = "GET /v2/models/{model}/ready",
       .role = Role::annotator,
       .handler = [](App& app, const Request& r) { return model_ready(app, r, false); },
       .summary = "Whether the champion can answer.",
       .response = ready_response},
      {.pattern = "GET /v2/models/{model}/versions/{version}/ready",
       .role = Role::annotator,
       .handler = [](App& app, const Request& r) { return model_ready(app, r, true); },
       .summary = "Whether a version can answer.",
       .response = ready_response},
      {.pattern = "POST /v2/models/{model}/infer",
       .role = Role::annotator,
       .handler = [](App& app, const Request& r) { return infer(app, r, false); },
       .summary = "Predict with the champion.",
       .request = infer_request,
       .response = infer_response,
       .body_limit = limit,
       .repeat = Repeat::never},
      {.pattern = "POST /v2/models/{model}/versions/{version}/infer",
       .role = Role::annotator,
       .handler = [](App& app, const Request& r) { return infer(app, r, true); },
       .summary = "Predict with a version.",
       .request = infer_request,
       .response = infer_response,
       .body_limit = limit,
       .repeat = Repeat::never},
  };
}

}  // namespace querist::api::resources
