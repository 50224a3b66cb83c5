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
enum class Bfloat16Mode {
  where_fast,  // AVX512_BF16 or AMX, oneDNN 2 to be found, and no limit_vectors below AVX-512.
  never,
  always,  // For tests: in any size, and by a plain loop where it would not be fast.
};
// Not while a kernel runs.
void set_bfloat16_mode(Bfloat16Mode mode);
Bfloat16Mode bfloat16_mode();

// Whether this process can have bfloat16 products from the processor's own instructions, whatever
// the mode. The first call looks for the library (libdnnl.so.2), which obeys its own variable
// DNNL_MAX_CPU_ISA.
bool has_fast_bfloat16_products();

// Columns of a narrow row: cols up to whole vectors; the rest must be 0.
constexpr size_t bfloat16_cols(size_t cols) { return (cols + 31) / 32 * 32; }

// A side of products that meets many blocks, laid out for them once; may be shared by threads.
class Bfloat16Rows {
 public:
  struct Scratch {
    struct alignas(64) Line {
      char bytes[64];
    };
    std::vector<Line> lines;
  };

  // rows (count, bfloat16_cols(cols)) of bfloat16 bits; block: rows of each product.
  Bfloat16Rows(std::vector<uint16_t> rows, size_t count, size_t cols, size_t block);
  ~Bfloat16Rows();
  Bfloat16Rows(Bfloat16Rows&&) noexcept;
  Bfloat16Rows& operator=(Bfloat16Rows&&) noexcept;

  size_t count() const { return count_; }

  // out (block, count) = <a_i, row j> of a (block, bfloat16_cols(cols)), on the calling thread,
  // accumulated in float32 in an order that is the processor's, where numbers below 2^-126 may be
  // taken for 0: |out - exact| <= (bfloat16_cols + 4) · 2^-22 · |a_i| |row_j| + bfloat16_cols ·
  // 2^-124. Flops: 2 · count · bfloat16_cols a row.
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
