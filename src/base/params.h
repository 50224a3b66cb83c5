// Settings that describe themselves: each is declared in one row that checks, documents and reads
// it.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace querist {

// A number, a flag or a text.
struct ParamValue : std::variant<double, bool, std::string> {
  ParamValue() : variant(0.0) {}
  ParamValue(double number) : variant(number) {}
  ParamValue(int number) : variant(static_cast<double>(number)) {}
  ParamValue(int64_t number) : variant(static_cast<double>(number)) {}
  ParamValue(bool flag) : variant(flag) {}
  ParamValue(std::string text) : variant(std::move(text)) {}
  ParamValue(const char* text) : variant(std::string(text)) {}
};

struct ParamSpec {
  std::string_view name;
  ParamValue fallback;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool whole = false;                       // Only whole numbers.
  std::vector<std::string_view> choices{};  // The allowed texts; empty: any.
  std::string_view help{};
  bool automatic = false;  // The fallback stands for "chosen by rule"; Python writes it None.

  std::string_view type() const;  // number, integer, flag, text or choice.
};

using ParamSpecs = std::vector<ParamSpec>;

std::string to_text(const ParamValue& value);

// Reads a value written as text (a flag of the command line, an environment variable).
ParamValue parse_value(const ParamSpec& spec, std::string_view text);

// Values already checked against their rows. Reading a name that no row declares is a bug and stops
// the program.
class Params {
 public:
  Params() = default;
  explicit Params(ParamSpecs specs) : specs_(std::move(specs)) {}

  // Throws invalid_argument naming the setting, its range and the value.
  void set(std::string_view name, ParamValue value);
  void set_text(std::string_view name, std::string_view text);

  double number(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  bool flag(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  const ParamValue& value(std::string_view name) const;
  bool changed(std::string_view name) const { return values_.contains(std::string(name)); }

  const ParamSpecs& specs() const { return specs_; }
  const std::map<std::string, ParamValue>& given() const { return values_; }

 private:
  const ParamSpec* find(std::string_view name) const;

  ParamSpecs specs_;
  std::map<std::string, ParamValue> values_;
};

}  // namespace querist
