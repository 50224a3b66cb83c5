// The JSON of every row that the API shows, and the rows that describe it.
#pragma once

#include "api/fields.h"
#include "api/request.h"
#include "data/records.h"
#include "labelling/annotate.h"
#include "labelling/lease.h"

namespace querist::api {

// What the newest model says about one example.
struct Prediction {
  std::string label;
  double confidence = 0;
};

Json time_json(const std::optional<int64_t>& milliseconds);
template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

// A setting with its rule, as forms are built from it.
Json param_json(const ParamSpec& spec);
Json value_json(const ParamSpec& spec, const ParamValue& value);

Json project_json(const Project& project);
// `columns` are the project's.
Json example_json(const Example& example, const Project& project,
                  const std::optional<Prediction>& prediction);
Json annotation_json(const Annotation& annotation);
Json lease_json(const Lease& lease, const Example& example, const Project& project);
Json job_json(const Job& job);
Json event_json(const Event& event);

Fields project_fields();
Fields example_fields();
Fields annotation_fields();
Fields lease_fields();
Fields job_fields();
Fields event_fields();
Fields param_fields();

// ?limit= and ?after=.
Fields page_query(Fields more = {});

}  // namespace querist::api
