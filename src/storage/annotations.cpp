// Annotation rows: appended, paged, and which of them count.
#include "storage/annotations.h"

#include <algorithm>

namespace querist::storage {

// The + keeps the planner from walking a whole selection to find one of its examples.
static const std::string select_annotation =
    "SELECT a.id, a.project_id, a.example_id, a.annotator, a.value, a.skip_reason, a.undoes, "
    "a.lease_id, "
    "a.selection_id, a.seconds, a.suggestion, a.suggestion_confidence, a.suggestion_shown, "
    "a.comment, "
    "a.flag, EXISTS (SELECT 1 FROM annotations u WHERE u.undoes = a.id), a.sequence, a.created_at, "
    "coalesce(s.strategy, ''), i.utility, i.propensity, coalesce(i.audit, 0) "
    "FROM annotations a LEFT JOIN selections s ON s.id = a.selection_id "
    "LEFT JOIN selection_items i ON +i.selection_id = a.selection_id AND i.example_id = "
    "a.example_id ";

static constexpr std::string_view not_undone =
    "a.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM annotations u WHERE u.undoes = a.id) ";

static Annotation annotation_of(const Row& row) {
  return {.id = row.integer(0),
          .project_id = row.integer(1),
          .example_id = row.integer(2),
          .annotator = row.text(3),
          .value = row.maybe_text(4),
          .skip_reason = row.maybe_text(5),
          .undoes = row.maybe_integer(6),
          .lease_id = row.maybe_integer(7),
          .selection_id = row.maybe_integer(8),
          .seconds = row.maybe_real(9),
          .suggestion = row.maybe_text(10),
          .suggestion_confidence = row.maybe_real(11),
          .suggestion_shown = row.flag(12),
          .comment = row.maybe_text(13),
          .flag = row.flag(14),
          .undone = row.flag(15),
          .sequence = row.integer(16),
          .created_at = row.integer(17),
          .strategy = row.text(18),
          .utility = row.maybe_real(19),
          .propensity = row.maybe_real(20),
          .audit = row.flag(21)};
}

Page<Annotation> annotations(Store& store, int64_t project_id, const AnnotationQuery& query) {
  const size_t limit = std::clamp<size_t>(query.limit, 1, 1'000);
  std::string sql = select_annotation + "WHERE a.project_id = $1 ";
  sql += query.after ? "AND a.id < $2 " : "AND $2 IS NULL ";
  sql += query.example_id ? "AND a.example_id = $3 " : "AND $3 IS NULL ";
  sql += query.annotator ? "AND a.annotator = $4 " : "AND $4 IS NULL ";
  if (!query.with_undos) sql += "AND a.undoes IS NULL ";
  sql += "ORDER BY a.id DESC LIMIT $5";
  return store.read([&](Session& session) {
    Page<Annotation> page;
    page.items = session.all(
        sql, {project_id, query.after, query.example_id, query.annotator, limit}, annotation_of);
    if (page.items.size() == limit) page.next = page.items.back().id;
    return page;
  });
}

std::optional<Annotation> find_annotation(Store& store, int64_t project_id, int64_t id) {
  return store.read([&](Session& session) {
    return session.one(select_annotation + "WHERE a.project_id = $1 AND a.id = $2",
                       {project_id, id}, annotation_of);
  });
}

std::vector<Annotation> live_annotations(Store& store, int64_t example_id) {
  const std::string sql = select_annotation + "WHERE a.example_id = $1 AND " +
                          std::string(not_undone) + "ORDER BY a.id";
  const auto all =
      store.read([&](Session& session) { return session.all(sql, {example_id}, annotation_of); });
  std::vector<Annotation> latest;
  for (size_t i = 0; i < all.size(); ++i) {
    const bool corrected =
        std::any_of(all.begin() + static_cast<ptrdiff_t>(i) + 1, all.end(),
                    [&](const Annotation& later) { return later.annotator == all[i].annotator; });
    if (!corrected) latest.push_back(all[i]);
  }
  return latest;
}

std::vector<GivenAnswer> answers_of_labeled(Store& store, int64_t project_id) {
  const std::string sql =
      "SELECT e.row, a.annotator, a.value FROM annotations a JOIN examples e ON e.id = "
      "a.example_id WHERE a.project_id = $1 AND e.label IS NOT NULL AND " +
      std::string(not_undone) +
      "AND NOT EXISTS (SELECT 1 FROM annotations b WHERE b.example_id = a.example_id AND "
      "b.annotator = a.annotator AND b.id > a.id AND b.undoes IS NULL AND NOT EXISTS (SELECT 1 "
      "FROM annotations v WHERE v.undoes = b.id)) AND a.value IS NOT NULL ORDER BY a.id";
  return store.read([&](Session& session) {
    return session.all(sql, {project_id}, [](const Row& row) {
      return GivenAnswer{.row = row.integer(0), .annotator = row.text(1), .value = row.text(2)};
    });
  });
}

std::vector<int64_t> answers_by_annotator(Store& store, int64_t project_id) {
  return store.read([&](Session& session) {
    return session.all(
        "SELECT count(value) FROM annotations WHERE project_id = $1 GROUP BY annotator",
        {project_id}, [](const Row& row) { return row.integer(0); });
  });
}

std::optional<Annotation> last_annotation(Store& store, int64_t project_id,
                                          const std::string& annotator) {
  const std::string sql = select_annotation + "WHERE a.project_id = $1 AND a.annotator = $2 AND " +
                          std::string(not_undone) + "ORDER BY a.id DESC LIMIT 1";
  return store.read([&](Session& session) {
    return session.one(sql, {project_id, annotator}, annotation_of);
  });
}

std::optional<Annotation> annotation_of_lease(Store& store, int64_t lease_id) {
  return store.read([&](Session& session) {
    return session.one(
        select_annotation + "WHERE a.lease_id = $1 AND a.undoes IS NULL ORDER BY a.id LIMIT 1",
        {lease_id}, annotation_of);
  });
}

std::optional<Annotation> annotation_of_event(Store& store, int64_t sequence) {
  return store.read([&](Session& session) {
    return session.one(select_annotation + "WHERE a.sequence = $1", {sequence}, annotation_of);
  });
}

std::string request_hash_of(Store& store, int64_t annotation_id) {
  return store.read([&](Session& session) {
    return session
        .one("SELECT request_hash FROM annotations WHERE id = $1", {annotation_id},
             [](const Row& row) { return row.text(0); })
        .value_or("");
  });
}

int64_t insert_annotation(Store& store, const Annotation& annotation,
                          const std::string& request_hash) {
  return store.write([&](Session& session) {
    return session.integer(
        "INSERT INTO annotations (project_id, example_id, annotator, value, skip_reason, undoes, "
        "lease_id, selection_id, seconds, suggestion, suggestion_confidence, suggestion_shown, "
        "comment, "
        "flag, request_hash, sequence, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
        "$10, "
        "$11, $12, $13, $14, $15, $16, $17) RETURNING id",
        {annotation.project_id, annotation.example_id, annotation.annotator, annotation.value,
         annotation.skip_reason, annotation.undoes, annotation.lease_id, annotation.selection_id,
         annotation.seconds, annotation.suggestion, annotation.suggestion_confidence,
         annotation.suggestion_shown, annotation.comment, annotation.flag, request_hash,
         annotation.sequence, annotation.created_at});
  });
}

std::vector<double> answer_seconds(Store& store, int64_t project_id) {
  const std::string sql =
      "SELECT a.seconds FROM annotations a WHERE a.project_id = $1 AND "
      "a.seconds IS NOT NULL AND a.undoes IS NULL ORDER BY a.seconds";
  return store.read([&](Session& session) {
    return session.all(sql, {project_id}, [](const Row& row) { return row.real(0); });
  });
}

}  // namespace querist::storage
