// One line a run behind a line that names the fingerprint; a line counts once its end is there, and
// while its checksum is right.
#include "loop/simulation/finished_runs.h"

#include "base/fast_hash.h"
#include "base/file.h"
#include "base/hash.h"
#include "loop/simulation/run_record.h"
#include "strategies/strategy.h"

namespace querist::loop {

static std::string hash_text(const Table& table) {
  Sha256 hash;
  const auto add = [&](std::string_view bytes) {
    const uint64_t size = bytes.size();  // Before each piece, so that pieces cannot run together.
    hash.add({reinterpret_cast<const char*>(&size), sizeof size});
    hash.add(bytes);
  };
  const auto add_numbers = [&](const auto& numbers) {
    add({reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(numbers[0])});
  };
  for (const std::string& name : table.classes) add(name);
  for (const std::string& name : table.columns) add(name);
  for (const std::string& split : table.splits) add(split);
  for (const std::string& group : table.groups) add(group);
  add_numbers(table.labels);
  add_numbers(table.targets);
  for (const auto& set : table.label_sets) add_numbers(set);
  add_numbers(table.source_rows);
  for (const Payload& payload : table.payloads) {
    add(payload.text);
    add(payload.image);
    for (const std::string& cell : payload.cells) add(cell);
    const std::vector<float>& embedding = payload.embedding;
    const uint64_t hashed = block_hash(
        {reinterpret_cast<const char*>(embedding.data()), embedding.size() * sizeof(float)});
    add_numbers(std::vector<uint64_t>{embedding.size(), hashed});
  }
  return hash.hex();
}

std::string fingerprint_of(const Table& table, const SimulationPlan& plan,
                           std::string_view protocol) {
  const CrowdPlan& crowd = plan.crowd;
  Json schedules = Json::array();
  for (const Schedule& schedule : plan.schedules)
    schedules.push_back({schedule.batch_size, schedule.budget});
  return canonical_json({{"build", plan.build},
                         {"data", hash_text(table)},
                         {"protocol", protocol},
                         {"task", strategies::task_name(plan.task)},
                         {"query_learner", plan.query_learner},
                         {"task_learner", plan.task_learner},
                         {"payload", payload_word(table.payload)},
                         {"strategies", plan.strategies},
                         {"learner", plan.learner},
                         {"featurizer", plan.featurizer},
                         {"initial", plan.initial},
                         {"initial_per_class", plan.initial_per_class},
                         {"ssl", plan.ssl},
                         {"batch_size", plan.batch_size},
                         {"budget", plan.budget},
                         {"schedules", schedules},
                         {"seeds", plan.seeds},
                         {"first_seed", plan.first_seed},
                         {"noise", plan.noise},
                         {"audit_share", plan.audit_share},
                         {"guard", plan.guard},
                         {"labels_saved", plan.labels_saved},
                         {"typos", plan.typos},
                         {"augment", plan.augment},
                         {"stopping", plan.stopping},
                         {"test_fraction", plan.test_fraction},
                         {"full_accuracy", plan.full_accuracy},
                         {"cost_per_label", plan.cost_per_label},
                         {"costs_by_row", plan.costs_by_row},
                         {"annotators", crowd.annotators},
                         {"votes", crowd.votes},
                         {"annotator_accuracy", crowd.accuracy},
                         {"errors", crowd.errors},
                         {"spammers", crowd.spammers}});
}

// A line begins with the hash of what follows; those of older programs have none.
static constexpr std::string_view check_key = "{\"check\":\"";

static std::string check_of(std::string_view rest) {
  return fmt::format("{:016x}", block_hash(rest));
}

static std::string checked_line(const Json& json) {
  const std::string rest = json.dump().substr(1);  // Behind the brace.
  return fmt::format("{}{}\",{}", check_key, check_of(rest), rest);
}

static bool is_whole(std::string_view line) {
  if (!line.starts_with(check_key)) return true;
  line.remove_prefix(check_key.size());
  static constexpr size_t digits = 16;
  return line.size() > digits + 2 && line.substr(digits, 2) == "\"," &&
         line.substr(0, digits) == check_of(line.substr(digits + 2));
}

FinishedRuns::FinishedRuns(const std::filesystem::path& path, const std::string& fingerprint) {
  if (path.empty()) return;
  const std::string head = canonical_json({{"simulation", fingerprint}}) + "\n";
  std::string content;
  if (std::filesystem::exists(path)) content = read_file(path);
  if (!content.starts_with(head)) {
    write_file_atomically(path, head);
    content = head;
  }
  size_t at = head.size();
  for (size_t end; (end = content.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string_view text = std::string_view(content).substr(at, end - at);
    if (!is_whole(text)) {  // The run is made again; its new line stands further down.
      ++damaged_;
      continue;
    }
    const Json line = parse_json(text);
    runs_[line.at("number").get<size_t>()] = run_of(line.at("run"));
  }
  end_ = at;
  file_ = std::make_unique<storage::DurableFile>(path);
}

const SimulationRun* FinishedRuns::find(size_t number) const {
  const auto at = runs_.find(number);
  return at == runs_.end() ? nullptr : &at->second;
}

void FinishedRuns::add(size_t number, const SimulationRun& run) {
  if (!file_) return;
  const std::string line = checked_line({{"number", number}, {"run", run_json(run)}}) + "\n";
  const std::lock_guard lock(mutex_);
  file_->write_at(end_, line);
  end_ += line.size();
  file_->sync();
}

}  // namespace querist::loop
