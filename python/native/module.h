// What the binding files share: how arrays come in and go out, and the guard of a long call.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/typing.h>

#include <sys/syscall.h>
#include <unistd.h>

#include <optional>
#include <span>
#include <vector>

#include "base/interrupt.h"
#include "base/matrix.h"
#include "base/params.h"
#include "base/progress.h"

namespace querist::python {

namespace nb = nanobind;

// Arrays as the Python side prepares them: C order, of the right type, perhaps read-only.
template <class Value, size_t dimensions>
using Array = nb::ndarray<const Value, nb::ndim<dimensions>, nb::c_contig, nb::device::cpu>;

template <class Value>
std::span<const Value> span_of(const Array<Value, 1>& array) {
  return {array.data(), array.size()};
}

template <class Value>
std::span<const Value> span_of(const std::optional<Array<Value, 1>>& array) {
  return array ? span_of(*array) : std::span<const Value>();
}

inline MatrixView view_of(const std::optional<Array<float, 2>>& array) {
  return array ? MatrixView(array->shape(0), array->shape(1), array->data()) : MatrixView();
}

// Of the process that imported the module, or of a forked child: the thread whose number is the
// process's.
inline bool is_main_thread() { return getpid() == static_cast<pid_t>(syscall(SYS_gettid)); }

// A NumPy array that owns what it was given.
template <class Value>
nb::ndarray<nb::numpy, Value, nb::ndim<1>> array_of(std::vector<Value> values) {
  auto* kept = new std::vector<Value>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<Value>*>(p); });
  return {kept->data(), {kept->size()}, owner};
}

// The same of a matrix: two dimensions.
inline nb::ndarray<nb::numpy, float, nb::ndim<2>> array_of(Matrix matrix) {
  auto* kept = new Matrix(std::move(matrix));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<Matrix*>(p); });
  return {kept->values.data(), {kept->rows, kept->cols}, owner};
}

// Rows of features as the Python side prepared them: dense float32, the bits of float16, or the
// arrays of sparse rows with their number of columns.
struct FeatureArrays {
  std::optional<Array<float, 2>> dense;
  std::optional<Array<uint16_t, 2>> half;
  std::optional<Array<int64_t, 1>> offsets;
  std::optional<Array<int32_t, 1>> columns;
  std::optional<Array<float, 1>> values;
  size_t cols = 0;

  // Refuses sparse rows whose arrays do not fit together: what comes after reads by them.
  Features view() const;
};
FeatureArrays features_of(const nb::dict& given);

// Gives the interpreter lock back while the work runs, and stops it when a signal's handler raised.
// Signals reach the main thread alone, so that other threads never ask for the lock.
template <class Work>
auto without_lock(Work work) {
  std::optional<InterruptScope> scope;
  if (is_main_thread()) {
    scope.emplace([] {
      nb::gil_scoped_acquire lock;
      return PyErr_CheckSignals() != 0;
    });
  }
  nb::gil_scoped_release release;
  return work();
}

// Of long work: an interrupt ends it.
inline Progress interruptible() {
  return Progress([](double, double, std::string_view) { check_interrupt(); });
}

// Dictionaries and lists of them, as the stub writes them.
using Named = nb::typed<nb::dict, nb::str, nb::any>;
using Listed = nb::typed<nb::list, Named>;

nb::str text(std::string_view value);
nb::list texts(const std::vector<std::string_view>& values);
// The rows of a card's parameters as dictionaries, and values given by name, checked against them.
nb::list param_list(const ParamSpecs& specs);
Params params_of(const ParamSpecs& specs, const nb::dict& given);

void bind_strategies(nb::module_& module);
void bind_streams(nb::module_& module);
void bind_consensus(nb::module_& module);
void bind_learners(nb::module_& module);
void bind_models(nb::module_& module);
void bind_pseudo_labelers(nb::module_& module);
void bind_metrics(nb::module_& module);
void bind_scores(nb::module_& module);

}  // namespace querist::python
