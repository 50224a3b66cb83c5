// Members answer block by block, so that a committee needs little more room than one of them.
#include "learners/committee/committee_model.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/interrupt.h"
#include "base/limits.h"

namespace querist::learners {

static constexpr std::string_view magic = "querist.committee";
static constexpr uint32_t format_version = 1;
static constexpr size_t block_rows = 4096;
static constexpr size_t most_members = 1000;

static Features slice(const Features& x, size_t begin, size_t end) {
  Features out = x;
  out.rows = end - begin;
  if (x.kind == Features::Kind::dense) out.dense += begin * x.cols;
  if (x.kind == Features::Kind::half) out.half += begin * x.cols;
  if (x.kind == Features::Kind::sparse) {
    out.sparse.rows = out.rows;
    out.sparse.offsets += begin;
  }
  return out;
}

static Csr sparse_columns(const CsrView& x, size_t begin, size_t end,
                          std::span<const int32_t> columns) {
  std::vector<int32_t> place(x.cols, -1);
  for (size_t j = 0; j < columns.size(); ++j) {
    place[static_cast<size_t>(columns[j])] = static_cast<int32_t>(j);
  }
  Csr out;
  out.cols = columns.size();
  for (size_t i = begin; i < end; ++i) {
    for (int64_t at = x.offsets[i]; at < x.offsets[i + 1]; ++at) {
      const int32_t column = place[static_cast<size_t>(x.columns[at])];
      if (column < 0) continue;
      out.columns.push_back(column);
      out.values.push_back(x.values[at]);
    }
    out.offsets.push_back(static_cast<int64_t>(out.columns.size()));
  }
  return out;
}

OwnedFeatures take_columns(const Features& x, size_t begin, size_t end,
                           std::span<const int32_t> columns) {
  OwnedFeatures out;
  out.is_sparse = x.kind == Features::Kind::sparse;
  if (out.is_sparse) {
    out.sparse = sparse_columns(x.sparse, begin, end, columns);
    return out;
  }
  out.dense = Matrix(end - begin, columns.size());
  for (size_t i = begin; i < end; ++i) {
    for (size_t j = 0; j < columns.size(); ++j) {
      const size_t at = i * x.cols + static_cast<size_t>(columns[j]);
      out.dense.at(i - begin, j) =
          x.kind == Features::Kind::half ? half_to_float(x.half[at]) : x.dense[at];
    }
  }
  return out;
}

template <class Take>
void CommitteeModel::each_answer(const Features& x, const Take& take) const {
  if (x.cols != features_) {
    refuse("the model expects {} columns of features, not {}", features_, x.cols);
  }
  Matrix answers;
  for (size_t begin = 0; begin < x.rows; begin += block_rows) {
    const size_t end = std::min(x.rows, begin + block_rows);
    for (size_t m = 0; m < members_.size(); ++m) {
      const Member& member = members_[m];
      OwnedFeatures owned;
      if (!member.columns.empty()) owned = take_columns(x, begin, end, member.columns);
      const Features seen = member.columns.empty() ? slice(x, begin, end) : owned.view();
      if (task() == Task::regression) {
        member.model->predictions(seen, answers.values);
      } else {
        member.model->probabilities(seen, answers);
      }
      take(m, begin, std::span<const float>(answers.values));
      check_interrupt();
    }
  }
}

void CommitteeModel::probabilities(const Features& x, Matrix& out) const {
  if (task() == Task::regression) return Model::probabilities(x, out);
  out = Matrix(x.rows, classes());
  const auto share = static_cast<float>(1 / static_cast<double>(members_.size()));
  each_answer(x, [&](size_t, size_t begin, std::span<const float> answers) {
    float* to = out.values.data() + begin * out.cols;
    for (size_t i = 0; i < answers.size(); ++i) to[i] += share * answers[i];
  });
  for (float& p : out.values) p = std::min(p, 1.0f);  // The shares may round up.
}

void CommitteeModel::predictions(const Features& x, std::vector<float>& out) const {
  if (task() != Task::regression) return Model::predictions(x, out);
  std::vector<double> sums(x.rows);
  each_answer(x, [&](size_t, size_t begin, std::span<const float> answers) {
    for (size_t i = 0; i < answers.size(); ++i) {
      sums[begin + i] += static_cast<double>(answers[i]);
    }
  });
  out.resize(x.rows);
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(sums[i] / static_cast<double>(members_.size()));
  }
}

void CommitteeModel::member_probabilities(const Features& x, Matrix& out) const {
  if (task() == Task::regression) return Model::member_probabilities(x, out);
  out = Matrix(members_.size() * x.rows, classes());
  each_answer(x, [&](size_t m, size_t begin, std::span<const float> answers) {
    std::copy(answers.begin(), answers.end(), out.row(m * x.rows + begin).begin());
  });
}

void CommitteeModel::member_predictions(const Features& x, Matrix& out) const {
  if (task() != Task::regression) return Model::member_predictions(x, out);
  out = Matrix(members_.size(), x.rows);
  each_answer(x, [&](size_t m, size_t begin, std::span<const float> answers) {
    std::copy(answers.begin(), answers.end(), out.row(m).subspan(begin).begin());
  });
}

std::string CommitteeModel::save() const {
  ByteWriter writer;
  writer.put(magic);
  writer.put(format_version);
  writer.put(learner_);
  writer.put<uint64_t>(features_);
  writer.put<uint64_t>(members_.size());
  for (const Member& member : members_) {
    writer.put(member.columns);
    writer.put(member.model->save());
  }
  return writer.take();
}

static bool fits(const Member& member, size_t features, const Member& first) {
  const size_t seen = member.columns.empty() ? features : member.columns.size();
  for (size_t j = 0; j < member.columns.size(); ++j) {
    const int32_t column = member.columns[j];
    if (column < (j == 0 ? 0 : member.columns[j - 1] + 1)) return false;
    if (static_cast<size_t>(column) >= features) return false;
  }
  return member.model->features() == seen && member.model->task() == first.model->task() &&
         member.model->classes() == first.model->classes();
}

std::unique_ptr<Model> load_committee(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.text() != magic) refuse("these bytes are no committee");
  if (const auto version = reader.number<uint32_t>(); version != format_version) {
    refuse("the model was stored in form {}, this program reads form {}", version, format_version);
  }
  const std::string learner = reader.text();
  const auto features = reader.number<uint64_t>();
  const auto count = reader.number<uint64_t>();
  if (count == 0 || count > most_members || features == 0 || features > limits::max_features) {
    refuse("the stored model is damaged");
  }
  const auto load = find(learner).load;
  std::vector<Member> members;
  for (uint64_t m = 0; m < count; ++m) {
    Member member;
    member.columns = reader.vector<int32_t>();
    member.model = load(reader.text());
    members.push_back(std::move(member));
    if (!fits(members.back(), features, members.front())) refuse("the stored model is damaged");
  }
  if (!reader.at_end()) refuse("the stored model is damaged");
  return std::make_unique<CommitteeModel>(learner, features, std::move(members));
}

}  // namespace querist::learners
