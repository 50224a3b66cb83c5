// Closed-form models whose predictions the strategies' own kernels make.
#include <numeric>

#include "base/error.h"
#include "kernels/parzen.h"
#include "native/module.h"

namespace querist::python {

static nb::ndarray<nb::numpy, float, nb::ndim<2>> parzen_probabilities(Array<float, 2> support,
                                                                       Array<int32_t, 1> labels,
                                                                       size_t classes, double gamma,
                                                                       Array<float, 2> queries) {
  if (queries.shape(1) != support.shape(1))
    refuse("X has {} columns, but the model was fitted on {}", queries.shape(1), support.shape(1));
  Matrix found = without_lock([&] {
    const Features known = MatrixView(support.shape(0), support.shape(1), support.data());
    const Features asked = MatrixView(queries.shape(0), queries.shape(1), queries.data());
    std::vector<int64_t> rows(asked.rows), support_rows(known.rows);
    std::iota(rows.begin(), rows.end(), 0);
    std::iota(support_rows.begin(), support_rows.end(), 0);
    return kernels::parzen_probabilities({asked, rows}, {known, support_rows}, span_of(labels),
                                         classes, gamma);
  });
  return array_of(std::move(found));
}

void bind_learners(nb::module_& module) {
  module.def("parzen_probabilities", &parzen_probabilities, nb::arg("support").noconvert(),
             nb::arg("labels").noconvert(), nb::arg("classes"), nb::arg("gamma"),
             nb::arg("queries").noconvert());
}

}  // namespace querist::python
