// One setting a thread.
#include "kernels/single_blas.h"

#include <cblas.h>

namespace querist::kernels {

void keep_blas_on_this_thread() {
  static thread_local const bool done = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace querist::kernels
