// Keeps OpenBLAS on the calling thread: our own pool spreads the work, and a second pool of
// spinning threads would fight it.
#pragma once

namespace querist::kernels {

// Call before a BLAS routine; costs nothing after the first time on a thread. The OpenMP flavour of
// OpenBLAS keeps its number of threads per calling thread, so once for the process is not enough.
void keep_blas_on_this_thread();

}  // namespace querist::kernels
