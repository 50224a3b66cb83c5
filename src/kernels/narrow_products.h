// Dot products of bfloat16 rows: the cheap first look of filters whose candidates are then verified
// in float32. By oneDNN where that is installed and the processor multiplies bfloat16.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace querist::kernels {

// Where filters in bfloat16 run. Their answers are those of the float32 kernels, bit for bit, so
// this decides on time alone.
enum class NarrowMode {
  where_fast,  // AVX512_BF16 or AMX, oneDNN 2 to be found, and no limit_vectors below AVX-512.
  never,
  always,  // For tests: in any size, and by a plain loop where it would not be fast.
};
// Not while a kernel runs.
void set_narrow_mode(NarrowMode mode);
NarrowMode narrow_mode();

// Whether this process can have bfloat16 products from the processor's own instructions, whatever
// the mode. The first call looks for the library (libdnnl.so.2), which obeys its own variable
// DNNL_MAX_CPU_ISA.
bool has_fast_narrow_products();

// Columns of a narrow row: cols up to whole vectors; the rest must be 0.
constexpr size_t narrow_cols(size_t cols) { return (cols + 31) / 32 * 32; }

// A side of products that meets many blocks, laid out for them once; may be shared by threads.
class NarrowRows {
 public:
  struct Scratch {
    struct alignas(64) Line {
      char bytes[64];
    };
    std::vector<Line> lines;
  };

  // rows (count, narrow_cols(cols)) of bfloat16 bits; block: rows of each product.
  NarrowRows(std::vector<uint16_t> rows, size_t count, size_t cols, size_t block);
  ~NarrowRows();
  NarrowRows(NarrowRows&&) noexcept;
  NarrowRows& operator=(NarrowRows&&) noexcept;

  size_t count() const { return count_; }

  // out (block, count) = <a_i, row j> of a (block, narrow_cols(cols)), on the calling thread,
  // accumulated in float32 in an order that is the processor's, where numbers below 2^-126 may be
  // taken for 0: |out - exact| <= (narrow_cols + 4) · 2^-22 · |a_i| |row_j| + narrow_cols · 2^-124.
  // Flops: 2 · count · narrow_cols a row.
  void products(const uint16_t* a, float* out, Scratch& scratch) const;

 private:
  struct Laid;  // What oneDNN made of the rows.

  std::vector<uint16_t> rows_;
  size_t count_;
  size_t cols_;  // Narrow.
  size_t block_;
  std::unique_ptr<Laid> laid_;
};

}  // namespace querist::kernels
