// Parameters as a model's row keeps them: every one by its name, as it was used.
#pragma once

#include "base/json.h"
#include "base/params.h"

namespace querist::loop {

inline Json given_json(const Params& params) {
  Json json = Json::object();
  for (const ParamSpec& spec : params.specs()) {
    std::visit([&](const auto& value) { json[std::string(spec.name)] = value; },
               params.value(spec.name));
  }
  return json;
}

}  // namespace querist::loop
