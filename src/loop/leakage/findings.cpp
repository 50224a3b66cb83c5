// The small parts that all checks share.
#include "loop/leakage/findings.h"

namespace querist::loop::leakage {

std::vector<int64_t> Rows::side(bool test) const {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < is_test.size(); ++i) {
    if ((is_test[i] != 0) == test) rows.push_back(static_cast<int64_t>(i));
  }
  return rows;
}

void skip(Report& report, std::string_view check, std::string reason) {
  report.checks.push_back({{"check", check}, {"state", "skipped"}, {"reason", std::move(reason)}});
}

void conclude(Report& report, std::string_view check, Finding finding) {
  const bool found = finding.count > 0;
  report.checks.push_back(
      {{"check", check}, {"state", found ? "found" : "clean"}, {"reason", nullptr}});
  if (!found) return;
  finding.check = check;
  report.findings.push_back(std::move(finding));
}

}  // namespace querist::loop::leakage
