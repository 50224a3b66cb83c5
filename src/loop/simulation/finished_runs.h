// The side file of runs that are done, so that an interrupted simulation goes on where it was.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "loop/simulate.h"
#include "storage/durable_file.h"

namespace querist::loop {

// What a run depends on: the plan, the data, the program and the protocol, where it follows one.
std::string fingerprint_of(const Table& table, const SimulationPlan& plan,
                           std::string_view protocol = "none");

// Safe to use from several threads.
class FinishedRuns {
 public:
  // Reads the runs that the file holds for this fingerprint; a file of another one, or none, is
  // begun anew. An empty path: nothing is kept.
  FinishedRuns(const std::filesystem::path& path, const std::string& fingerprint);

  const SimulationRun* find(size_t number) const;  // Of those read, or null.
  size_t count() const { return runs_.size(); }
  size_t damaged() const { return damaged_; }         // Lines that are not what was written.
  void add(size_t number, const SimulationRun& run);  // On the disk when it returns.

 private:
  std::map<size_t, SimulationRun> runs_;
  std::mutex mutex_;
  std::unique_ptr<storage::DurableFile> file_;
  size_t damaged_ = 0;
  uint64_t end_ = 0;  // Where the next line goes; a torn last line is written over.
};

}  // namespace querist::loop
