// Encodes rows; writes and reads the fitted table.
#include "featurizers/tabular/model.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"
#include "base/threads.h"
#include "featurizers/tabular/cells.h"

namespace querist::featurizers {

static constexpr double most_deviations =
    10;  // Standardised numbers are clipped here, so that no outlier rules.
static constexpr size_t date_width = 5;  // Time, month and weekday as points on circles.
static constexpr double circle = 6.283185307179586;

size_t ColumnModel::width() const {
  const size_t mark = marks_missing ? 1 : 0;
  switch (type) {
    case ColumnType::number:
      return 1 + mark;
    case ColumnType::category:
      return categories.size() + 1 + mark;
    case ColumnType::date:
      return date_width + mark;
    case ColumnType::text:
      return text->dimensions;
    case ColumnType::dropped:
      return 0;
  }
  return 0;
}

// A table whose every column was dropped still has one feature, which is always 0.
size_t TabularModel::features() const {
  size_t sum = 0;
  for (const ColumnModel& column : columns) sum += column.width();
  return std::max<size_t>(1, sum);
}

static float standardised(const ColumnModel& column, double value) {
  return static_cast<float>(
      std::clamp((value - column.mean) / column.deviation, -most_deviations, most_deviations));
}

static bool encode_number(const ColumnModel& column, std::string_view cell, std::span<float> out) {
  double number = 0;
  if (is_missing(cell) || read_number(cell, number) != NumberCell::number) return false;
  out[0] = standardised(column, number);
  return true;
}

static bool encode_date(const ColumnModel& column, std::string_view cell, std::span<float> out) {
  const auto seconds = is_missing(cell) ? std::nullopt : read_date(cell, column.day_first);
  if (!seconds) return false;
  const double days = std::floor(*seconds / 86400);
  const double year = std::fmod(std::fmod(days, 365.2425) + 365.2425, 365.2425) / 365.2425;
  const double week = std::fmod(std::fmod(days, 7) + 7, 7) / 7;
  out[0] = standardised(column, *seconds);
  out[1] = static_cast<float>(std::sin(circle * year));
  out[2] = static_cast<float>(std::cos(circle * year));
  out[3] = static_cast<float>(std::sin(circle * week));
  out[4] = static_cast<float>(std::cos(circle * week));
  return true;
}

static bool encode_category(const ColumnModel& column, std::string_view cell,
                            std::span<float> out) {
  if (is_missing(cell)) return false;
  const std::string key = category_key(cell);
  const auto found = std::lower_bound(column.categories.begin(), column.categories.end(), key);
  const bool known = found != column.categories.end() && *found == key;
  out[known ? static_cast<size_t>(found - column.categories.begin()) : column.categories.size()] =
      1;
  return true;
}

static void encode_cell(const ColumnModel& column, std::string_view cell, std::span<float> out) {
  bool present = true;
  switch (column.type) {
    case ColumnType::number:
      present = encode_number(column, cell, out);
      break;
    case ColumnType::category:
      present = encode_category(column, cell, out);
      break;
    case ColumnType::date:
      present = encode_date(column, cell, out);
      break;
    case ColumnType::text:
    case ColumnType::dropped:
      return;
  }
  if (!present && column.marks_missing) out.back() = 1;
}

// The latent directions of a text column, scaled so that a number varies about as much as one
// column of them.
static void encode_texts(const ColumnModel& column, std::span<const Payload> payloads, size_t which,
                         size_t first, Matrix& out) {
  std::vector<std::string_view> texts;
  for (const Payload& payload : payloads) {
    const std::string_view cell = payload.cells[which];
    texts.push_back(is_missing(cell) ? std::string_view() : cell);
  }
  const Matrix rows = transform_tfidf(*column.text, texts).geometry;
  const float scale = std::sqrt(static_cast<float>(rows.cols));
  for (size_t i = 0; i < rows.rows; ++i) {
    for (size_t j = 0; j < rows.cols; ++j)
      out.at(i, first + j) = texts[i].empty() ? 0 : rows.at(i, j) * scale;
  }
}

FeatureBatch transform_table(const TabularModel& model, std::span<const Payload> payloads) {
  for (size_t i = 0; i < payloads.size(); ++i) {
    const std::string reason = refuse_width(payloads[i].cells.size(), model.columns.size());
    if (!reason.empty()) refuse("payload {}: {}", i, reason);
  }
  FeatureBatch out;
  out.dense = Matrix(payloads.size(), model.features());
  parallel_for(payloads.size(), 64, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      size_t first = 0;
      for (size_t column = 0; column < model.columns.size(); ++column) {
        const size_t width = model.columns[column].width();
        encode_cell(model.columns[column], payloads[i].cells[column],
                    out.dense.row(i).subspan(first, width));
        first += width;
      }
    }
  });
  size_t first = 0;
  for (size_t column = 0; column < model.columns.size(); ++column) {
    if (model.columns[column].type == ColumnType::text) {
      encode_texts(model.columns[column], payloads, column, first, out.dense);
    }
    first += model.columns[column].width();
  }
  if (!model.geometry) return out;
  out.geometry = Matrix(payloads.size(), model.geometry->axes.cols);
  parallel_for(payloads.size(), 64, [&](size_t begin, size_t end) {
    std::vector<float> scores(out.geometry.cols);
    for (size_t i = begin; i < end; ++i) {
      project(*model.geometry, out.dense.row(i), scores);
      to_unit(scores, out.geometry.row(i));
    }
  });
  return out;
}

std::string write_table(const TabularModel& model) {
  ByteWriter writer;
  writer.put<uint64_t>(model.columns.size());
  for (const ColumnModel& column : model.columns) {
    writer.put(static_cast<uint8_t>(column.type));
    writer.put(static_cast<uint8_t>(column.marks_missing));
    writer.put(static_cast<uint8_t>(column.day_first));
    writer.put(column.mean);
    writer.put(column.deviation);
    writer.put(column.categories);
    writer.put(column.text ? write_tfidf(*column.text) : std::string());
  }
  writer.put(static_cast<uint8_t>(model.geometry.has_value()));
  if (model.geometry) write_projection(*model.geometry, writer);
  writer.put(canonical_json(model.description));
  return writer.take();
}

std::shared_ptr<const TabularModel> read_table(std::string_view body) {
  ByteReader reader(body);
  const auto model = std::make_shared<TabularModel>();
  const auto count = reader.number<uint64_t>();
  require_sound(count > 0 && count <= limits::max_columns);
  for (uint64_t i = 0; i < count; ++i) {
    ColumnModel column;
    const auto type = reader.number<uint8_t>();
    require_sound(type <= static_cast<uint8_t>(ColumnType::dropped));
    column.type = static_cast<ColumnType>(type);
    column.marks_missing = reader.number<uint8_t>() != 0;
    column.day_first = reader.number<uint8_t>() != 0;
    column.mean = reader.number<double>();
    column.deviation = reader.number<double>();
    require_sound(std::isfinite(column.mean) && std::isfinite(column.deviation) &&
                  column.deviation > 0);
    column.categories = reader.texts();
    require_sound(std::is_sorted(column.categories.begin(), column.categories.end()));
    const std::string text = reader.text();
    require_sound(text.empty() == (column.type != ColumnType::text));
    if (!text.empty()) column.text = read_tfidf(text);
    model->columns.push_back(std::move(column));
  }
  if (reader.number<uint8_t>() != 0) {
    model->geometry = read_projection(reader);
    require_sound(model->geometry->mean.size() == model->features());
  }
  model->description = parse_json(reader.text());
  require_sound(reader.at_end() && model->features() <= limits::max_features);
  return model;
}

}  // namespace querist::featurizers
