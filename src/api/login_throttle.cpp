// Failures counted by name and by address.
#include "api/login_throttle.h"

#include "base/error.h"

namespace querist::api {

// The name as seen from one address: a stranger's guesses elsewhere do not lock its owner out.
static std::string name_key(const std::string& name, const std::string& remote) {
  return "name " + remote + ' ' + name;
}
static std::string address_key(const std::string& remote) { return "address " + remote; }

void LoginThrottle::begin(const std::string& name, const std::string& remote, int64_t now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(failures_,
                [&](const auto& entry) { return entry.second.since + window_ms <= now; });
  Failures& of_name = failures_.try_emplace(name_key(name, remote), Failures{0, now}).first->second;
  Failures& of_address = failures_.try_emplace(address_key(remote), Failures{0, now}).first->second;
  if (of_name.count >= failures_a_name || of_address.count >= failures_an_address ||
      failures_.size() > max_tracked) {
    fail(Code::resource_exhausted, "too many failed sign-ins; try again in {} minutes",
         window_ms / 60'000);
  }
  ++of_name.count;
  ++of_address.count;
}

void LoginThrottle::succeeded(const std::string& name, const std::string& remote) {
  const std::lock_guard lock(mutex_);
  failures_.erase(name_key(name, remote));
  if (const auto found = failures_.find(address_key(remote)); found != failures_.end()) {
    --found->second.count;
  }
}

}  // namespace querist::api
