// querist predict: labels and probabilities for every row of a file.
#include <cstdio>

#include "app/backend.h"
#include "app/predictor.h"
#include "app/progress_bar.h"
#include "base/error.h"
#include "formats/format.h"

namespace querist::app {

static constexpr size_t rows_at_a_time = 4096;
static constexpr size_t bytes_at_a_time = size_t{8} << 20;

// One JSON line a row: row, external_id if any, label, probabilities by class; ood_score and is_ood
// where they were asked for.
class PredictionWriter {
 public:
  PredictionWriter(const Predictor& predictor, bool with_ood)
      : predictor_(predictor), with_ood_(with_ood) {}

  void add(int64_t row, NewExample&& example) {
    rows_.push_back(row);
    ids_.push_back(std::move(example.external_id));
    const Payload& payload = example.payload;
    bytes_ += payload.text.size() + payload.image.size() + 4 * payload.embedding.size();
    for (const std::string& cell : payload.cells) bytes_ += cell.size();
    payloads_.push_back(std::move(example.payload));
    if (payloads_.size() == rows_at_a_time || bytes_ >= bytes_at_a_time) flush();
  }

  void flush() {
    if (rows_.empty()) return;
    const auto prediction = predictor_.predict(payloads_, with_ood_);
    for (size_t i = 0; i < rows_.size(); ++i) {
      Json line = {{"row", rows_[i]}, {"label", prediction.labels[i]}};
      if (!ids_[i].empty()) line["external_id"] = ids_[i];
      for (size_t c = 0; c < predictor_.classes.size(); ++c) {
        line["probabilities"][predictor_.classes[c]] = prediction.probabilities.at(i, c);
      }
      if (with_ood_) {
        line["ood_score"] = prediction.ood_scores.at(i);
        line["is_ood"] = prediction.is_ood.at(i) != 0;
      }
      text_ += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    }
    rows_.clear();
    ids_.clear();
    payloads_.clear();
    bytes_ = 0;
  }

  const std::string& text() const { return text_; }

 private:
  const Predictor& predictor_;
  bool with_ood_;
  std::vector<int64_t> rows_;
  std::vector<std::string> ids_;
  std::vector<Payload> payloads_;
  size_t bytes_ = 0;
  std::string text_;
};

static int run(const Invocation& invocation) {
  if (invocation.arguments.size() != 1)
    wrong_usage("predict takes one file; try querist predict --help");
  const Backend backend = open_backend(invocation);
  const Predictor predictor =
      predictor_of(backend, chosen_project(backend, invocation), invocation.text("alias"));
  formats::Roles roles;
  roles.text = invocation.text("text");
  roles.columns = predictor.columns;
  PredictionWriter writer(predictor, invocation.options.flag("ood"));
  formats::Receiver receiver;
  receiver.layout = [&](const formats::Layout& layout) {
    if (layout.payload != predictor.payload) {
      refuse("the model reads {}, but the file holds {}", payload_word(predictor.payload),
             payload_word(layout.payload));
    }
  };
  receiver.example = [&](int64_t row, NewExample&& example) {
    writer.add(row, std::move(example));
  };
  receiver.problem = [](formats::RowProblem&& problem) {
    std::fprintf(stderr, "row %lld: %s\n", static_cast<long long>(problem.row),
                 problem.reason.c_str());
  };
  ProgressBar bar("predicting");
  formats::read(invocation.arguments[0], roles, 0, receiver, bar.progress());
  writer.flush();
  put_out(invocation.text("out"), writer.text());
  return 0;
}

Verb predict() {
  return {
      .name = "predict",
      .summary = "Predict the class of every row of a file, one JSON line a row.",
      .arguments = "PATH",
      .example = "querist predict new.csv --project sms --out predictions.jsonl",
      .options = with_project(
          {{.name = "alias", .fallback = "champion", .help = "Alias of the model version to use."},
           {.name = "text", .fallback = "", .help = "Column of the text."},
           {.name = "ood",
            .fallback = false,
            .help = "Say how unlike the training rows each row is; run evaluate --ood first."},
           {.name = "out", .fallback = "", .help = "Write to this file instead of the terminal."}}),
      .run = run};
}

}  // namespace querist::app
