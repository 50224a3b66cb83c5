// Rows as a network reads them: dense and standardised, or sparse over the columns that occur.
#pragma once

#include <span>
#include <vector>

#include "learners/neural_head/network.h"

namespace querist::learners {

struct InputForm {
  size_t features = 0;
  bool by_column = false;
  std::vector<float> mean;       // Dense: taken off each column,
  std::vector<float> scale;      // and what is left multiplied by this.
  std::vector<int32_t> columns;  // By column: the features that the network reads, ascending.
  std::vector<int32_t> place{};  // Where each feature lies among them; -1: nowhere.

  size_t inputs() const { return by_column ? columns.size() : features; }
  void number_columns();  // Fills place.
};

// Wide sparse rows stay sparse; all others are standardised.
InputForm form_of(const Features& x);

// Appends nothing: writes the chosen rows into batch.dense or batch.sparse.
void read_rows(const Features& x, std::span<const int64_t> rows, const InputForm& form,
               Batch& batch);

}  // namespace querist::learners
