// The faults a row can have, in words, and the stored form of each kind of payload.
#include "storage/encode_payload.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/limits.h"

namespace querist::storage {

static bool utf8(std::string_view text) {
  size_t i = 0;
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  while (i < text.size()) {
    const unsigned char lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const size_t length = lead >= 0xc2 && lead < 0xe0   ? 2
                          : lead >= 0xe0 && lead < 0xf0 ? 3
                          : lead >= 0xf0 && lead < 0xf5 ? 4
                                                        : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    const unsigned char second = byte(i + 1);
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool surrogate = lead == 0xed && second >= 0xa0;
    const bool beyond = lead == 0xf4 && second >= 0x90;
    if (overlong || surrogate || beyond) return false;
    i += length;
  }
  return true;
}

static std::string text_problem(std::string_view text) {
  if (text.size() > limits::max_cell_bytes) {
    return fmt::format("a text of {} bytes is too long; the maximum is {}", text.size(),
                       limits::max_cell_bytes);
  }
  return utf8(text) ? "" : "the text is not valid UTF-8";
}

static std::string payload_problem(const Payload& payload, const AddOptions& options) {
  switch (options.payload) {
    case PayloadKind::text:
      return payload.text.empty() ? "the text is empty" : text_problem(payload.text);
    case PayloadKind::columns: {
      if (payload.cells.size() != options.columns.size()) {
        return fmt::format("the row has {} cells, not {}", payload.cells.size(),
                           options.columns.size());
      }
      bool any = false;
      for (const std::string& cell : payload.cells) {
        if (auto problem = text_problem(cell); !problem.empty()) return problem;
        any |= !cell.empty();
      }
      return any ? "" : "every cell is empty";
    }
    case PayloadKind::image:
      return payload.image.empty() ? "the image is empty" : "";
    case PayloadKind::embedding: {
      if (payload.embedding.empty()) return "the embedding is empty";
      const auto finite = [](float value) { return std::isfinite(value); };
      const bool all = std::all_of(payload.embedding.begin(), payload.embedding.end(), finite);
      return all ? "" : "the embedding holds a number that is not finite";
    }
  }
  return "unknown kind of payload";
}

static std::string field_problem(const NewExample& example) {
  if (example.external_id.size() > limits::max_name_bytes || !utf8(example.external_id)) {
    return fmt::format("the id must be UTF-8 of at most {} bytes", limits::max_name_bytes);
  }
  if (example.label && (example.label->empty() || !utf8(*example.label) ||
                        example.label->size() > limits::max_name_bytes)) {
    return fmt::format("the label must be UTF-8 of 1 to {} bytes", limits::max_name_bytes);
  }
  for (const std::string* field : {&example.group, &example.time, &example.split}) {
    if (field->size() > limits::max_name_bytes || !utf8(*field)) {
      return fmt::format("group, time and split must be UTF-8 of at most {} bytes",
                         limits::max_name_bytes);
    }
  }
  if (!example.meta.empty()) {
    const size_t first = example.meta.find_first_not_of(" \t\r\n");
    if (first == std::string::npos || example.meta[first] != '{' || !Json::accept(example.meta)) {
      return "meta must be a JSON object";
    }
  }
  return "";
}

static std::string_view bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

Encoded encode(const NewExample& example, const AddOptions& options) {
  Encoded encoded;
  encoded.problem = payload_problem(example.payload, options);
  if (encoded.problem.empty()) encoded.problem = field_problem(example);
  if (!encoded.problem.empty()) return encoded;
  std::string hash;
  switch (options.payload) {
    case PayloadKind::text:
      encoded.payload = example.payload.text;
      break;
    case PayloadKind::columns:
      encoded.payload = canonical_json(example.payload.cells);
      break;
    case PayloadKind::image:
      encoded.payload = sha256_hex(example.payload.image);
      break;
    case PayloadKind::embedding:
      hash = sha256_hex(bytes_of(example.payload.embedding));
      break;
  }
  if (options.payload == PayloadKind::image) hash = encoded.payload;
  if (hash.empty()) hash = sha256_hex(encoded.payload);
  encoded.content_hash = raw_hash(hash);
  return encoded;
}

std::string raw_hash(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string raw(hex.size() / 2, '\0');
  for (size_t i = 0; i < raw.size(); ++i) {
    raw[i] = static_cast<char>(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  }
  return raw;
}

std::string hex_hash(std::string_view raw) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : raw) {
    hex += digits[static_cast<unsigned char>(byte) >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

}  // namespace querist::storage
