// Finds the k nearest centres of rows by bfloat16 products whose error is bounded, and settles what
// they leave open by the float32 products themselves: the same centres, for less work.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/bfloat16_products.h"
#include "kernels/center_panels.h"

namespace querist::kernels {

// Rows whose nearest centres a filter has found in this process: what a test asks to know that one
// ran.
uint64_t bfloat16_filtered_rows();

class Bfloat16Filter {
 public:
  // Whether a filter gains on this many rows and their k nearest centres, in the mode that is set.
  static bool pays(size_t rows, const CenterPanels& centers, size_t k);

  // What may be nearest to one row.
  struct Search {
    struct Candidate {
      float low;  // The float32 score lies between these.
      float high;
      int32_t center;
    };

    float reach = 0;   // Times a centre's length: how far a product may be from the float32 one.
    float length = 0;  // Of the row, at least.
    float limit = 0;   // The k-th least score is no higher.
    size_t k = 1;
    size_t self = 0;  // A centre that is left out; none where there are fewer.
    size_t most = 0;
    bool is_open = false;  // The filter does not know: the row is to be scored plainly.
    std::vector<Candidate> found;
    std::vector<float> highs;

    void take(size_t center, float low, float high);
    void tighten();  // Lowers the limit to what is found, and drops what lies beyond.
  };

  // The scores of one row, product by product, and what bounds them.
  struct Bounds {
    const float* products;
    const float* lengths;
    const float* lows;
    const float* highs;
  };
  static constexpr size_t groups = 64;  // Of centres: the least of each gives a first limit.

  // What one thread needs, kept from block to block.
  struct Work {
    std::vector<uint16_t> narrow;
    std::vector<float> squares;
    std::vector<float> products;
    Bfloat16Rows::Scratch scratch;
    std::vector<Search> rows;
    std::vector<float> exact;
    std::vector<const float*> pairs;  // Row and centre by turns.
  };

  // For blocks of at most so many rows. The centres must outlive it.
  Bfloat16Filter(const CenterPanels& centers, size_t block_rows);

  // work.rows[i].found: the k centres whose center_scores are least for row i of the block (n,
  // cols) of moved rows, ties to the lower, in no order; or is_open. With `selves` row i leaves out
  // centre selves + i. k + 1 is at most the number of centres.
  void nearest(const float* block, size_t n, size_t k, size_t selves, Work& work) const;

  static constexpr size_t no_selves = static_cast<size_t>(-1) / 2;

  // A centre's score lies between lows - product - reach · lengths and highs - product + reach ·
  // lengths, of its bfloat16 product with the row; infinite beyond the last centre.
  Bounds bounds(const float* products) const {
    return {products, lengths_.data(), lows_.data(), highs_.data()};
  }

 private:
  void begin(const float* block, size_t n, size_t k, size_t selves, Work& work) const;
  void scan(const Bfloat16Rows& part, size_t first, size_t n, Work& work) const;
  void narrow_down(const float* row, Search& search) const;
  void settle(const float* block, size_t n, Work& work) const;

  const CenterPanels& centers_;
  size_t block_rows_;
  bool is_usable_ = true;       // Nothing can overflow.
  double ratio_ = 0;            // Of a centre's rounding error to its length, at most.
  std::vector<float> lengths_;  // At least |c|, and at least its rounding error / ratio_.
  std::vector<float> lows_;     // |c|^2 / 2 less what rounding can do to sums with it.
  std::vector<float> highs_;
  std::vector<Bfloat16Rows> parts_;
};

}  // namespace querist::kernels
