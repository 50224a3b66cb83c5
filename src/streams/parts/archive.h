// A stream's state as JSON: one list of fields serves writing and reading.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace querist::streams {

class Archive {
 public:
  Archive() : object_(Json::object()), reading_(false) {}
  explicit Archive(Json stored) : object_(std::move(stored)), reading_(true) {}

  bool reading() const { return reading_; }
  Json take() { return std::move(object_); }

  void number(std::string_view name, double& value);
  void count(std::string_view name, uint64_t& value);
  // Base64 of the numbers' bytes, little-endian: exact, infinities too.
  template <class T>
  void values(std::string_view name, std::vector<T>& values) {
    std::string bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    this->bytes(name, bytes);
    require(bytes.size() % sizeof(T) == 0, name);
    if (!reading_) return;
    values.resize(bytes.size() / sizeof(T));
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(values.data()));
  }
  // Refuses a stored state whose field cannot be.
  void require(bool possible, std::string_view name) const {
    if (!possible) refuse("the stored stream is damaged: {} cannot be so", name);
  }

 private:
  void bytes(std::string_view name, std::string& bytes);

  Json object_;
  bool reading_;
};

}  // namespace querist::streams
