#include "million/loss.h"
namespace querist::bench {
Json losses(const Pool&, const std::map<std::string, std::vector<int64_t>>&, size_t, uint64_t) {
  return {};
}
}  // namespace querist::bench
