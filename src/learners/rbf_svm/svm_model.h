// The trained support vector machine: its support vectors, and what each pair of classes makes of
// them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/rbf.h"
#include "learners/learner.h"
#include "learners/rbf_svm/sigmoid.h"

namespace querist::learners {

struct SvmParts {
  size_t classes = 0;
  size_t features = 0;
  double gamma = 0;
  uint64_t trained_rows = 0;
  bool fitted = false;           // The sigmoids were fitted; else decisions are merely squashed.
  std::vector<int32_t> present;  // The classes that had a label, ascending.
  bool is_sparse = false;
  Matrix dense;  // Support vectors, dense or sparse.
  Csr sparse;
  // Pairs (a, b) of present classes, a < b, in the order (0,1) (0,2) … (1,2) …; class b is the
  // positive one. Pair p has support vectors rows[starts[p]] … and their coefficients y alpha.
  std::vector<uint64_t> starts = {0};
  std::vector<uint32_t> rows;
  std::vector<double> betas;
  std::vector<double> biases;
  std::vector<double> slopes;
  std::vector<double> offsets;

  size_t pairs() const { return present.size() * (present.size() - 1) / 2; }
  Features vectors() const { return is_sparse ? Features(sparse) : Features(dense); }
};

class SvmModel : public Model {
 public:
  explicit SvmModel(SvmParts parts);
  size_t classes() const override { return parts_.classes; }
  size_t features() const override { return parts_.features; }
  void probabilities(const Features& features, Matrix& out) const override;
  std::string save() const override;

  // (rows, pairs) decision values, row-major; above 0: the pair's higher class.
  std::vector<double> decisions(const Features& features) const;
  const SvmParts& parts() const { return parts_; }

 private:
  struct Scratch;
  void decide(const Features& features, size_t begin, size_t end, Scratch& scratch,
              double* out) const;
  void kernel_rows(const Features& features, size_t begin, size_t end, Scratch& scratch) const;
  void to_probabilities(const double* decisions, Scratch& scratch, std::span<float> out) const;

  SvmParts parts_;
  kernels::PackedRows packed_;
  std::vector<double> norms_;
};

std::unique_ptr<Model> load_svm_model(std::string_view bytes);

}  // namespace querist::learners
