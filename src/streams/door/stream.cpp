// The one door through which instances reach a stream strategy: checks, counts, saves and loads.
#include "streams/stream.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/interrupt.h"
#include "streams/parts/archive.h"

namespace querist::streams {

struct Stream::Rows {
  const double* doubles = nullptr;  // Probabilities: these or floats.
  const float* floats = nullptr;
  size_t classes = 0;
  Features embeddings;
  size_t count = 1;
};

Stream::Stream(const StreamStrategy& strategy, Params params, uint32_t seed)
    : strategy_(&strategy),
      params_(std::move(params)),
      state_(strategy.state.start(params_, seed)),
      reads_probabilities_(has(strategy.needs, Signal::probabilities)),
      reads_embeddings_(has(strategy.needs, Signal::embeddings)) {}

void Stream::check_shape(const Rows& rows) const {
  const auto check = [&](bool reads, size_t given, size_t fixed, std::string_view what) {
    if (!reads) return;
    if (given == 0) refuse("{} needs {}, which are empty", strategy_->name, what);
    if (fixed != 0 && given != fixed) {
      refuse("{}: an instance of this stream has {} numbers, not {}", what, fixed, given);
    }
  };
  check(reads_probabilities_, rows.classes, probabilities_.size(), "probabilities");
  check(reads_embeddings_, rows.embeddings.cols, embedding_.size(), "embeddings");
  if (reads_embeddings_ && rows.embeddings.kind == Features::Kind::sparse) {
    refuse("embeddings must be dense");
  }
  if (reads_embeddings_ && rows.embeddings.rows != rows.count) {
    refuse("embeddings have {} rows, but there are {} instances", rows.embeddings.rows, rows.count);
  }
}

// Copies row `row` to the instance at hand and returns whether it holds no NaN; refuses one that is
// wrong.
bool Stream::fill(const Rows& rows, size_t row) {
  bool is_whole = true;
  if (reads_probabilities_) {
    double sum = 0;
    bool in_range = true;
    for (size_t k = 0; k < rows.classes; ++k) {
      const size_t at = row * rows.classes + k;
      const double p = rows.doubles ? rows.doubles[at] : static_cast<double>(rows.floats[at]);
      probabilities_[k] = p;
      sum += p;
      in_range = in_range && !(p < -0.001 || p > 1.001);
    }
    if (!in_range) refuse("probabilities: row {} holds a number outside 0 to 1", row);
    if (std::isnan(sum)) is_whole = false;
    if (std::abs(sum - 1) > 0.001) refuse("probabilities: row {} sums to {}, not to 1", row, sum);
  }
  if (reads_embeddings_) {
    const Features& from = rows.embeddings;
    bool finite = true;
    for (size_t j = 0; j < from.cols; ++j) {
      const size_t at = row * from.cols + j;
      const float v =
          from.kind == Features::Kind::dense ? from.dense[at] : half_to_float(from.half[at]);
      embedding_[j] = v;
      finite = finite && !std::isinf(v);
      is_whole = is_whole && !std::isnan(v);
    }
    if (!finite) refuse("embeddings: row {} holds an infinite number", row);
  }
  return is_whole;
}

bool Stream::decide() {
  const bool ask = strategy_->state.decide(state_, {probabilities_, embedding_});
  ++seen_;
  asked_ += ask;
  return ask;
}

size_t Stream::run(const Rows& rows, std::span<uint8_t> asked) {
  check_shape(rows);
  const bool is_first = seen_ + skipped_ == 0;
  if (reads_probabilities_) probabilities_.resize(rows.classes);
  if (reads_embeddings_) embedding_.resize(rows.embeddings.cols);
  try {
    if (rows.count > 1) {
      for (size_t i = 0; i < rows.count; ++i) fill(rows, i);
    }
    size_t sum = 0;
    for (size_t i = 0; i < rows.count; ++i) {
      if (i % 1024 == 1023) check_interrupt();
      const bool is_whole = fill(rows, i);
      skipped_ += !is_whole;
      asked[i] = is_whole && decide();
      sum += asked[i];
    }
    return sum;
  } catch (...) {
    if (is_first && seen_ + skipped_ == 0) {  // A first instance that is refused fixes no shape.
      probabilities_.clear();
      embedding_.clear();
    }
    throw;
  }
}

bool Stream::query(std::span<const double> probabilities, std::span<const float> embedding) {
  uint8_t asked = 0;
  run({.doubles = probabilities.data(),
       .classes = probabilities.size(),
       .embeddings = MatrixView(1, embedding.size(), embedding.data())},
      std::span(&asked, 1));
  return asked;
}

bool Stream::query(std::span<const float> probabilities, std::span<const float> embedding) {
  uint8_t asked = 0;
  run({.floats = probabilities.data(),
       .classes = probabilities.size(),
       .embeddings = MatrixView(1, embedding.size(), embedding.data())},
      std::span(&asked, 1));
  return asked;
}

size_t Stream::query_many(std::span<const double> probabilities, size_t classes,
                          const Features& embeddings, std::span<uint8_t> asked) {
  if (reads_probabilities_ && probabilities.size() != asked.size() * classes) {
    refuse("probabilities have {} numbers, but there are {} instances of {} classes",
           probabilities.size(), asked.size(), classes);
  }
  if (asked.empty()) return 0;
  return run({.doubles = probabilities.data(),
              .classes = classes,
              .embeddings = embeddings,
              .count = asked.size()},
             asked);
}

size_t Stream::query_many(MatrixView probabilities, const Features& embeddings,
                          std::span<uint8_t> asked) {
  if (reads_probabilities_ && probabilities.rows != asked.size()) {
    refuse("probabilities have {} rows, but there are {} instances", probabilities.rows,
           asked.size());
  }
  if (asked.empty()) return 0;
  return run({.floats = probabilities.values,
              .classes = probabilities.cols,
              .embeddings = embeddings,
              .count = asked.size()},
             asked);
}

double Stream::spent() const { return strategy_->state.spent(state_); }

static Json json_of(const ParamValue& value) {
  return std::visit([](const auto& held) { return Json(held); },
                    static_cast<const std::variant<double, bool, std::string>&>(value));
}

std::string Stream::save() const {
  Json params = Json::object();
  for (const auto& [name, value] : params_.given()) params[name] = json_of(value);
  Archive archive;
  std::any state = state_;  // fields() may write to it when it reads.
  strategy_->state.fields(state, archive);
  return canonical_json({{"format", 1},
                         {"strategy", strategy_->name},
                         {"params", std::move(params)},
                         {"classes", probabilities_.size()},
                         {"width", embedding_.size()},
                         {"seen", seen_},
                         {"asked", asked_},
                         {"skipped", skipped_},
                         {"state", archive.take()}});
}

static Params read_params(const StreamStrategy& strategy, const Json& stored) {
  Params params(strategy.params);
  if (!stored.is_object()) refuse("the stored stream is damaged: params cannot be so");
  for (const auto& [name, value] : stored.items()) {
    if (value.is_number()) {
      params.set(name, value.get<double>());
    } else if (value.is_boolean()) {
      params.set(name, value.get<bool>());
    } else if (value.is_string()) {
      params.set(name, value.get<std::string>());
    } else {
      refuse("the stored stream is damaged: {} cannot be so", name);
    }
  }
  return params;
}

Stream Stream::load(std::string_view text) {
  const Json stored = parse_json(text);
  if (json_integer(stored, "format") != 1) refuse("the stored stream is of another version");
  const StreamStrategy& strategy = find(json_text(stored, "strategy"));
  Stream stream(strategy, read_params(strategy, stored.value("params", Json())));
  Archive counts(stored);
  uint64_t classes = 0;
  uint64_t width = 0;
  counts.count("classes", classes);
  counts.count("width", width);
  counts.count("seen", stream.seen_);
  counts.count("asked", stream.asked_);
  counts.count("skipped", stream.skipped_);
  constexpr uint64_t most = 1 << 28;
  counts.require(classes < most && (classes == 0 || stream.reads_probabilities_), "classes");
  counts.require(width < most && (width == 0 || stream.reads_embeddings_), "width");
  counts.require(stream.asked_ <= stream.seen_, "asked");
  stream.probabilities_.resize(classes);
  stream.embedding_.resize(width);
  Archive archive(stored.value("state", Json()));
  strategy.state.fields(stream.state_, archive);
  return stream;
}

}  // namespace querist::streams
