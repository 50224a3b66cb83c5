// querist predict: labels and probabilities for every row of a file.
#include <cstdio>

#include "app/open.h"
#include "app/progress_bar.h"
#include "base/error.h"
#include "formats/format.h"
#include "serving/deployment.h"

namespace querist::app {

static constexpr size_t rows_at_a_time = 4096;

// One JSON line a row: row, external_id if any, label, probabilities by class.
class PredictionWriter {
 public:
  explicit PredictionWriter(const serving::Deployment& deployment) : deployment_(deployment) {}

  void add(int64_t row, NewExample&& example) {
    rows_.push_back(row);
    ids_.push_back(std::move(example.external_id));
    payloads_.push_back(std::move(example.payload));
    if (payloads_.size() == rows_at_a_time) flush();
  }

  void flush() {
    const auto prediction = serving::predict(deployment_, payloads_);
    for (size_t i = 0; i < rows_.size(); ++i) {
      Json line = {{"row", rows_[i]}, {"label", prediction.labels[i]}};
      if (!ids_[i].empty()) line["external_id"] = ids_[i];
      for (size_t c = 0; c < deployment_.classes.size(); ++c) {
        line["probabilities"][deployment_.classes[c]] = prediction.probabilities.at(i, c);
      }
      text_ += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    }
    rows_.clear();
    ids_.clear();
    payloads_.clear();
  }

  const std::string& text() const { return text_; }

 private:
  const serving::Deployment& deployment_;
  std::vector<int64_t> rows_;
  std::vector<std::string> ids_;
  std::vector<Payload> payloads_;
  std::string text_;
};

static int run(const Invocation& invocation) {
  if (invocation.arguments.size() != 1)
    refuse("predict takes one file; try querist predict --help");
  const auto store = open_folder(invocation);
  const Project project = chosen_project(*store, invocation);
  serving::Deployments deployments(*store);
  const auto deployment = deployments.of_alias(project, invocation.text("alias"));
  formats::Roles roles;
  roles.text = invocation.text("text");
  roles.columns = deployment->columns;
  PredictionWriter writer(*deployment);
  formats::Receiver receiver;
  receiver.layout = [&](const formats::Layout& layout) {
    if (layout.payload != deployment->payload) {
      refuse("the model reads {}, but the file holds {}", payload_word(deployment->payload),
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
      .options =
          {project_option(),
           data_dir_option(),
           {.name = "alias", .fallback = "champion", .help = "Alias of the model version to use."},
           {.name = "text", .fallback = "", .help = "Column of the text."},
           {.name = "out", .fallback = "", .help = "Write to this file instead of the terminal."}},
      .run = run};
}

}  // namespace querist::app
