// Highway source: a block of rows stays in the nearest cache while the members are read one after
// another; sums run over flat arrays, so that few classes fill whole vectors too.
#include "kernels/disagreement.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/threads.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/disagreement.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "hwy/contrib/math/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace querist::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<double>;

// p ln p, and 0 for 0 and below.
static HWY_INLINE hn::Vec<Wide> times_log(Wide d, hn::Vec<Wide> p) {
  const auto positive = hn::Gt(p, hn::Zero(d));
  const auto log = hn::Log(d, hn::IfThenElse(positive, p, hn::Set(d, 1.0)));
  return hn::IfThenElseZero(positive, hn::Mul(p, log));
}

static HWY_INLINE hn::Vec<Wide> load_wide(Wide d, const float* from) {
  const hn::Rebind<float, Wide> narrow;
  return hn::PromoteTo(d, hn::LoadU(narrow, from));
}

// The arrays hold a whole number of vectors; what lies behind the last number is not read back.
void AddMember(const float* p, size_t count, bool with_logs, double* sums, double* logs) {
  const Wide d;
  for (size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto value = load_wide(d, p + i);
    hn::StoreU(hn::Add(hn::LoadU(d, sums + i), value), d, sums + i);
    if (with_logs) hn::StoreU(hn::Add(hn::LoadU(d, logs + i), times_log(d, value)), d, logs + i);
  }
}

// sums becomes q ln q of the mean q.
void LogMeans(double* sums, size_t count, double members) {
  const Wide d;
  const auto divisor = hn::Set(d, members);
  for (size_t i = 0; i < count; i += hn::Lanes(d))
    hn::StoreU(times_log(d, hn::Div(hn::LoadU(d, sums + i), divisor)), d, sums + i);
}

}  // namespace querist::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace querist::kernels {

HWY_EXPORT(AddMember);
HWY_EXPORT(LogMeans);

static constexpr size_t padding = 64;       // At least a vector of any processor, in numbers.
static constexpr size_t block_size = 2048;  // Numbers of a member: 8 KiB, and 16 KiB for each sum.

// What rounding in the sums over the classes may leave of members that are equal.
static double least_information(size_t classes) {
  return 1e-13 + 1e-15 * static_cast<double>(classes);
}

// -v/K ln(v/K) for v = 0 … K in units of 2^-52: whole numbers add up to the same in any order, so
// that equal votes for other classes tie exactly.
static std::vector<int64_t> vote_terms(size_t members) {
  std::vector<int64_t> terms(members + 1, 0);
  for (size_t v = 1; v < members; ++v) {
    const double share = static_cast<double>(v) / static_cast<double>(members);
    terms[v] = std::llround(-share * std::log(share) * 0x1p52);
  }
  return terms;
}

class BlockOfRows {
 public:
  BlockOfRows(size_t members, size_t classes, size_t rows, const std::vector<int64_t>& terms,
              const Disagreement& out)
      : members_(members),
        classes_(classes),
        terms_(terms),
        out_(out),
        with_logs_(!out.bald.empty()),
        with_sums_(with_logs_ || !out.consensus_entropy.empty()),
        with_votes_(!out.vote_entropy.empty() || !out.variation_ratio.empty()),
        copied_(rows * classes + padding),
        sums_(with_sums_ ? rows * classes + padding : 0),
        logs_(with_logs_ ? rows * classes + padding : 0),
        votes_(with_votes_ ? rows * classes : 0) {}

  void run(const float* probabilities, size_t all_rows, std::span<const int64_t> rows, size_t at) {
    const size_t count = rows.size() * classes_;
    std::fill(sums_.begin(), sums_.end(), 0);
    std::fill(logs_.begin(), logs_.end(), 0);
    std::fill(votes_.begin(), votes_.end(), 0);
    for (size_t m = 0; m < members_; ++m) {
      copy(probabilities + m * all_rows * classes_, rows);
      if (with_sums_) {
        HWY_DYNAMIC_DISPATCH(AddMember)
        (copied_.data(), count, with_logs_, sums_.data(), logs_.data());
      }
      if (with_votes_) vote(rows.size());
    }
    if (with_sums_) write_information(rows.size(), at);
    if (with_votes_) write_votes(rows.size(), at);
  }

 private:
  // A copy of 8 KiB that never leaves the nearest cache costs little, and the vectors may then read
  // past the end of any row.
  void copy(const float* member, std::span<const int64_t> rows) {
    for (size_t i = 0; i < rows.size();) {
      size_t run = 1;
      while (i + run < rows.size() && rows[i + run] == rows[i] + static_cast<int64_t>(run)) ++run;
      const float* from = member + static_cast<size_t>(rows[i]) * classes_;
      std::copy(from, from + run * classes_, copied_.data() + i * classes_);
      i += run;
    }
  }

  void vote(size_t rows) {
    for (size_t i = 0; i < rows; ++i) {
      const float* p = copied_.data() + i * classes_;
      float top = p[0];
      size_t at = 0;
      for (size_t c = 1; c < classes_; ++c) {
        const bool larger = p[c] > top;
        top = larger ? p[c] : top;
        at = larger ? c : at;
      }
      ++votes_[i * classes_ + at];
    }
  }

  void write_information(size_t rows, size_t at) {
    HWY_DYNAMIC_DISPATCH(LogMeans)(sums_.data(), rows * classes_, static_cast<double>(members_));
    for (size_t i = 0; i < rows; ++i) {
      double consensus = 0;
      for (size_t c = 0; c < classes_; ++c) consensus -= sums_[i * classes_ + c];
      if (!out_.consensus_entropy.empty()) out_.consensus_entropy[at + i] = consensus;
      if (!with_logs_) continue;
      double logs = 0;
      for (size_t c = 0; c < classes_; ++c) logs += logs_[i * classes_ + c];
      const double information = consensus + logs / static_cast<double>(members_);
      out_.bald[at + i] = information < least_information(classes_) ? 0 : information;
    }
  }

  void write_votes(size_t rows, size_t at) {
    for (size_t i = 0; i < rows; ++i) {
      int64_t entropy = 0;
      uint32_t most = 0;
      for (size_t c = 0; c < classes_; ++c) {
        const uint32_t count = votes_[i * classes_ + c];
        entropy += terms_[count];
        most = std::max(most, count);
      }
      if (!out_.vote_entropy.empty())
        out_.vote_entropy[at + i] = static_cast<double>(entropy) * 0x1p-52;
      if (!out_.variation_ratio.empty()) {
        out_.variation_ratio[at + i] =
            static_cast<double>(members_ - most) / static_cast<double>(members_);
      }
    }
  }

  size_t members_, classes_;
  const std::vector<int64_t>& terms_;
  const Disagreement& out_;
  bool with_logs_, with_sums_, with_votes_;
  std::vector<float> copied_;
  std::vector<double> sums_, logs_;
  std::vector<uint32_t> votes_;
};

void disagreement(const float* probabilities, size_t members, size_t rows, size_t classes,
                  std::span<const int64_t> chosen, const Disagreement& out) {
  if (chosen.empty()) return;
  QUERIST_CHECK(members > 0 && rows > 0 && classes > 0);
  for (const auto& span : {out.vote_entropy, out.consensus_entropy, out.bald, out.variation_ratio})
    QUERIST_CHECK(span.empty() || span.size() == chosen.size());
  const std::vector<int64_t> terms = vote_terms(members);
  const size_t block = std::max<size_t>(1, block_size / classes);
  parallel_for((chosen.size() + block - 1) / block, 8, [&](size_t begin, size_t end) {
    BlockOfRows work(members, classes, block, terms, out);
    for (size_t b = begin; b < end; ++b) {
      const size_t from = b * block;
      work.run(probabilities, rows, chosen.subspan(from, std::min(block, chosen.size() - from)),
               from);
    }
  });
}

}  // namespace querist::kernels
#endif
