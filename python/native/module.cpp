// The native module: its settings, its errors, and the parts that each folder binds.
#include "native/module.h"

#include <cstdlib>

#include "base/error.h"
#include "base/threads.h"
#include "kernels/vectors.h"

namespace querist::python {

// The canonical codes as Python's own exceptions. A cancelled call's exception is already set: the
// signal's handler raised it.
static void translate(const std::exception_ptr& pointer, void*) {
  try {
    std::rethrow_exception(pointer);
  } catch (const Error& error) {
    switch (error.code()) {
      case Code::cancelled:
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_KeyboardInterrupt, error.what());
        break;
      case Code::invalid_argument:
      case Code::not_found:
        PyErr_SetString(PyExc_ValueError, error.what());
        break;
      case Code::resource_exhausted:
        PyErr_SetString(PyExc_MemoryError, error.what());
        break;
      default:
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
  }
}

static void set_thread_count(int64_t count) {
  if (count < 0 || count > 4096) refuse("the number of threads must lie between 0 and 4096");
  set_threads(static_cast<size_t>(count));
}

}  // namespace querist::python

NB_MODULE(_core, module) {
  using namespace querist;
  using namespace querist::python;
  module.attr("__doc__") = "The native part of querist.";
  module.attr("version") = QUERIST_VERSION;
  nb::register_exception_translator(translate);
  module.def("set_threads", &set_thread_count, nb::arg("count"),
             "Threads that calls may use from the next one on; 0: as many as there are cores.");
  module.def(
      "thread_count", [] { return thread_count(); }, "Threads that calls may use.");
  module.def(
      "limit_vectors", [](const std::string& widest) { kernels::limit_vectors(widest); },
      nb::arg("widest"),
      "Limits the vector instructions used from now on: sse4, avx2, avx512, or widest.");
  if (const char* widest = std::getenv("QUERIST_VECTORS")) kernels::limit_vectors(widest);
  bind_strategies(module);
  bind_streams(module);
  bind_consensus(module);
  bind_learners(module);
  bind_models(module);
  bind_pseudo_labelers(module);
  bind_metrics(module);
  bind_scores(module);
}
