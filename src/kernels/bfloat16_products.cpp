// oneDNN is opened at run time: 40 MB that a package need not carry, since nothing depends on it
// but time (docs/decisions/0007-bfloat16-filter.md).
#include "kernels/bfloat16_products.h"

#include <dlfcn.h>
#include <hwy/targets.h>
#include <oneapi/dnnl/dnnl.h>

#include <atomic>
#include <bit>

#include "base/check.h"

namespace querist::kernels {

// The functions used of libdnnl.so.2, and of the OpenMP that it runs on.
struct OneDnn {
  decltype(&dnnl_get_effective_cpu_isa) get_effective_cpu_isa;
  decltype(&dnnl_engine_create) engine_create;
  decltype(&dnnl_stream_create) stream_create;
  decltype(&dnnl_stream_destroy) stream_destroy;
  decltype(&dnnl_memory_desc_init_by_tag) memory_desc_init_by_tag;
  decltype(&dnnl_memory_desc_get_size) memory_desc_get_size;
  decltype(&dnnl_memory_create) memory_create;
  decltype(&dnnl_memory_destroy) memory_destroy;
  decltype(&dnnl_matmul_desc_init) matmul_desc_init;
  decltype(&dnnl_reorder_primitive_desc_create) reorder_primitive_desc_create;
  decltype(&dnnl_primitive_attr_create) primitive_attr_create;
  decltype(&dnnl_primitive_attr_destroy) primitive_attr_destroy;
  decltype(&dnnl_primitive_attr_set_scratchpad_mode) primitive_attr_set_scratchpad_mode;
  decltype(&dnnl_primitive_desc_create) primitive_desc_create;
  decltype(&dnnl_primitive_desc_destroy) primitive_desc_destroy;
  decltype(&dnnl_primitive_desc_query_md) primitive_desc_query_md;
  decltype(&dnnl_primitive_create) primitive_create;
  decltype(&dnnl_primitive_destroy) primitive_destroy;
  decltype(&dnnl_primitive_execute) primitive_execute;
  int (*omp_get_max_threads)();
  void (*omp_set_num_threads)(int);

  dnnl_engine_t engine = nullptr;
  bool is_fast = false;

  OneDnn();
};

template <class Function>
static bool bind(void* library, const char* name, Function& function) {
  function = std::bit_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

static bool bind_all(void* library, OneDnn& d) {
  return bind(library, "dnnl_get_effective_cpu_isa", d.get_effective_cpu_isa) &&
         bind(library, "dnnl_engine_create", d.engine_create) &&
         bind(library, "dnnl_stream_create", d.stream_create) &&
         bind(library, "dnnl_stream_destroy", d.stream_destroy) &&
         bind(library, "dnnl_memory_desc_init_by_tag", d.memory_desc_init_by_tag) &&
         bind(library, "dnnl_memory_desc_get_size", d.memory_desc_get_size) &&
         bind(library, "dnnl_memory_create", d.memory_create) &&
         bind(library, "dnnl_memory_destroy", d.memory_destroy) &&
         bind(library, "dnnl_matmul_desc_init", d.matmul_desc_init) &&
         bind(library, "dnnl_reorder_primitive_desc_create", d.reorder_primitive_desc_create) &&
         bind(library, "dnnl_primitive_attr_create", d.primitive_attr_create) &&
         bind(library, "dnnl_primitive_attr_destroy", d.primitive_attr_destroy) &&
         bind(library, "dnnl_primitive_attr_set_scratchpad_mode",
              d.primitive_attr_set_scratchpad_mode) &&
         bind(library, "dnnl_primitive_desc_create", d.primitive_desc_create) &&
         bind(library, "dnnl_primitive_desc_destroy", d.primitive_desc_destroy) &&
         bind(library, "dnnl_primitive_desc_query_md", d.primitive_desc_query_md) &&
         bind(library, "dnnl_primitive_create", d.primitive_create) &&
         bind(library, "dnnl_primitive_destroy", d.primitive_destroy) &&
         bind(library, "dnnl_primitive_execute", d.primitive_execute) &&
         bind(library, "omp_get_max_threads", d.omp_get_max_threads) &&
         bind(library, "omp_set_num_threads", d.omp_set_num_threads);
}

OneDnn::OneDnn() {
  // Elsewhere the library is not even opened: it would emulate, at a third of float32's speed.
  if (!__builtin_cpu_supports("avx512bf16")) return;
  void* library = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);  // Stays open.
  if (!library || !bind_all(library, *this)) return;
  constexpr unsigned bf16 = dnnl_cpu_isa_avx512_core_bf16;
  if ((get_effective_cpu_isa() & bf16) != bf16) return;
  is_fast = engine_create(&engine, dnnl_cpu, 0) == dnnl_success;
}

static const OneDnn& one_dnn() {
  static const OneDnn found;
  return found;
}

static std::atomic<Bfloat16Mode> mode = Bfloat16Mode::where_fast;
void set_bfloat16_mode(Bfloat16Mode wanted) { mode = wanted; }
Bfloat16Mode bfloat16_mode() { return mode; }

bool has_fast_bfloat16_products() {
  return (hwy::SupportedTargets() & (HWY_AVX3 | HWY_AVX3_DL)) != 0 && one_dnn().is_fast;
}

// oneDNN takes as many threads as OpenMP would give its caller: one here, and after it what the
// caller's OpenMP had.
class OneThread {
 public:
  OneThread() : before_(one_dnn().omp_get_max_threads()) { one_dnn().omp_set_num_threads(1); }
  ~OneThread() { one_dnn().omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

// Destroys oneDNN's objects.
struct Destroyer {
  void operator()(dnnl_stream* s) const { one_dnn().stream_destroy(s); }
  void operator()(dnnl_memory* m) const { one_dnn().memory_destroy(m); }
  void operator()(dnnl_primitive_attr* a) const { one_dnn().primitive_attr_destroy(a); }
  void operator()(dnnl_primitive_desc* p) const { one_dnn().primitive_desc_destroy(p); }
  void operator()(dnnl_primitive* p) const { one_dnn().primitive_destroy(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Destroyer>;

// What `make(&pointer)` makes; null where it refuses.
template <class T, class Make>
static Owned<T> made(Make make) {
  T* out = nullptr;
  return Owned<T>(make(&out) == dnnl_success ? out : nullptr);
}

static Owned<dnnl_memory> memory_of(const dnnl_memory_desc_t& shape, const void* values) {
  return made<dnnl_memory>([&](auto out) {
    return one_dnn().memory_create(out, &shape, one_dnn().engine, const_cast<void*>(values));
  });
}

static dnnl_memory_desc_t matrix_of(int64_t rows, int64_t cols, dnnl_data_type_t type,
                                    dnnl_format_tag_t tag) {
  const dnnl_dims_t dims = {rows, cols};
  dnnl_memory_desc_t shape{};
  one_dnn().memory_desc_init_by_tag(&shape, 2, dims, type, tag);
  return shape;
}

static bool execute(const Owned<dnnl_primitive>& primitive, std::span<const dnnl_exec_arg_t> args) {
  const auto stream = made<dnnl_stream>([](auto out) {
    return one_dnn().stream_create(out, one_dnn().engine, dnnl_stream_default_flags);
  });
  return stream &&
         one_dnn().primitive_execute(primitive.get(), stream.get(), static_cast<int>(args.size()),
                                     args.data()) == dnnl_success;
}

static size_t lines_of(const dnnl_memory_desc_t& shape) {
  return (one_dnn().memory_desc_get_size(&shape) + 63) / 64;
}

struct Bfloat16Rows::Laid {
  dnnl_memory_desc_t a{};
  dnnl_memory_desc_t weights{};
  dnnl_memory_desc_t out{};
  dnnl_memory_desc_t scratch{};
  Owned<dnnl_primitive> product;
  std::vector<Scratch::Line> values;

  bool describe(size_t block, size_t count, size_t cols);
  bool lay(const uint16_t* rows, size_t count, size_t cols);
};

bool Bfloat16Rows::Laid::describe(size_t block, size_t count, size_t cols) {
  const auto m = static_cast<int64_t>(block);
  const auto n = static_cast<int64_t>(count);
  const auto k = static_cast<int64_t>(cols);
  a = matrix_of(m, k, dnnl_bf16, dnnl_ab);
  weights = matrix_of(k, n, dnnl_bf16, dnnl_format_tag_any);
  out = matrix_of(m, n, dnnl_f32, dnnl_ab);
  dnnl_matmul_desc_t wanted;
  if (one_dnn().matmul_desc_init(&wanted, &a, &weights, nullptr, &out) != dnnl_success)
    return false;
  const auto attributes = made<dnnl_primitive_attr>(one_dnn().primitive_attr_create);
  // A scratchpad of the library's own would be shared by all threads.
  if (!attributes || one_dnn().primitive_attr_set_scratchpad_mode(
                         attributes.get(), dnnl_scratchpad_mode_user) != dnnl_success) {
    return false;
  }
  const auto found = made<dnnl_primitive_desc>([&](auto to) {
    return one_dnn().primitive_desc_create(to, &wanted, attributes.get(), one_dnn().engine,
                                           nullptr);
  });
  if (!found) return false;
  weights = *one_dnn().primitive_desc_query_md(found.get(), dnnl_query_weights_md, 0);
  scratch = *one_dnn().primitive_desc_query_md(found.get(), dnnl_query_scratchpad_md, 0);
  // The library keeps what it generated for a shape, so that making it again is a look-up.
  product =
      made<dnnl_primitive>([&](auto to) { return one_dnn().primitive_create(to, found.get()); });
  return product != nullptr;
}

bool Bfloat16Rows::Laid::lay(const uint16_t* rows, size_t count, size_t cols) {
  const auto given =
      matrix_of(static_cast<int64_t>(cols), static_cast<int64_t>(count), dnnl_bf16, dnnl_ba);
  const auto found = made<dnnl_primitive_desc>([&](auto to) {
    return one_dnn().reorder_primitive_desc_create(to, &given, one_dnn().engine, &weights,
                                                   one_dnn().engine, nullptr);
  });
  if (!found) return false;
  const auto reorder =
      made<dnnl_primitive>([&](auto to) { return one_dnn().primitive_create(to, found.get()); });
  values.resize(lines_of(weights));
  const auto from = memory_of(given, rows);
  const auto to = memory_of(weights, values.data());
  const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from.get()}, {DNNL_ARG_TO, to.get()}};
  return reorder && from && to && execute(reorder, args);
}

Bfloat16Rows::Bfloat16Rows(std::vector<uint16_t> rows, size_t count, size_t cols, size_t block)
    : rows_(std::move(rows)), count_(count), cols_(bfloat16_cols(cols)), block_(block) {
  QUERIST_CHECK(rows_.size() == count_ * cols_ && count_ > 0 && cols_ > 0 && block_ > 0);
  if (!has_fast_bfloat16_products()) return;
  const OneThread alone;
  auto laid = std::make_unique<Laid>();
  if (laid->describe(block_, count_, cols_) && laid->lay(rows_.data(), count_, cols_)) {
    laid_ = std::move(laid);
  }
}

Bfloat16Rows::~Bfloat16Rows() = default;
Bfloat16Rows::Bfloat16Rows(Bfloat16Rows&&) noexcept = default;
Bfloat16Rows& Bfloat16Rows::operator=(Bfloat16Rows&&) noexcept = default;

static float widened(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

void Bfloat16Rows::products(const uint16_t* a, float* out, Scratch& scratch) const {
  if (laid_) {
    const OneThread alone;
    scratch.lines.resize(std::max(scratch.lines.size(), lines_of(laid_->scratch)));
    const auto left = memory_of(laid_->a, a);
    const auto right = memory_of(laid_->weights, laid_->values.data());
    const auto result = memory_of(laid_->out, out);
    const auto room = memory_of(laid_->scratch, scratch.lines.data());
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, left.get()},
                                    {DNNL_ARG_WEIGHTS, right.get()},
                                    {DNNL_ARG_DST, result.get()},
                                    {DNNL_ARG_SCRATCHPAD, room.get()}};
    if (left && right && result && room && execute(laid_->product, args)) return;
  }
  // Without the library, or where it refuses: slow, and within the same bound.
  for (size_t i = 0; i < block_; ++i) {
    for (size_t c = 0; c < count_; ++c) {
      float sum = 0;
      for (size_t j = 0; j < cols_; ++j) {
        sum += widened(a[i * cols_ + j]) * widened(rows_[c * cols_ + j]);
      }
      out[i * count_ + c] = sum;
    }
  }
}

}  // namespace querist::kernels
