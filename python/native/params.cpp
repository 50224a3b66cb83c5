// Parameters: their rows as dictionaries, and values as callers give them.
#include "native/module.h"

namespace querist::python {

static nb::object to_python(const ParamValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return nb::float_(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return nb::bool_(*flag);
  return nb::str(std::get<std::string>(value).c_str());
}

nb::str text(std::string_view value) { return nb::str(value.data(), value.size()); }

nb::list texts(const std::vector<std::string_view>& values) {
  nb::list list;
  for (const auto value : values) list.append(text(value));
  return list;
}

static nb::dict param_dict(const ParamSpec& spec) {
  nb::dict row;
  row["name"] = text(spec.name);
  row["type"] = text(spec.type());
  row["fallback"] = to_python(spec.fallback);
  row["automatic"] = spec.automatic;
  row["min"] = spec.min;
  row["max"] = spec.max;
  row["choices"] = texts(spec.choices);
  row["help"] = text(spec.help);
  return row;
}

nb::list param_list(const ParamSpecs& specs) {
  nb::list list;
  for (const ParamSpec& spec : specs) list.append(param_dict(spec));
  return list;
}

Params params_of(const ParamSpecs& specs, const nb::dict& given) {
  Params params(specs);
  for (const auto& [key, value] : given) {
    const auto name = nb::cast<std::string>(key);
    if (nb::isinstance<nb::bool_>(value)) {
      params.set(name, ParamValue(nb::cast<bool>(value)));
    } else if (nb::isinstance<nb::str>(value)) {
      params.set(name, ParamValue(nb::cast<std::string>(value)));
    } else {
      params.set(name, ParamValue(nb::cast<double>(value)));
    }
  }
  return params;
}

}  // namespace querist::python
