// A model version that answers rows: loaded from a folder, or asked through Open Inference V2.
#pragma once

#include "app/backend.h"
#include "serving/deployment.h"

namespace querist::app {

struct Predictor {
  PayloadKind payload = PayloadKind::text;
  std::vector<std::string> columns;
  std::vector<std::string> classes;
  // with_ood: how unlike the training rows each is, too.
  std::function<serving::Prediction(std::span<const Payload>, bool with_ood)> predict;
};

// The version that the alias names now.
Predictor predictor_of(const Backend& backend, const std::string& project,
                       const std::string& alias);

}  // namespace querist::app
