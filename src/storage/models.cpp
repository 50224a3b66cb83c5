// Featurizer and model versions: the file first, named by its content, then the row that points to
// it.
#include "storage/models.h"

#include <algorithm>

#include "base/file.h"
#include "base/hash.h"
#include "base/stop_point.h"
#include "storage/durable_file.h"
#include "storage/events.h"

namespace querist::storage {

static std::filesystem::path version_file(Store& store, std::string_view kind, int64_t project_id,
                                          std::string_view sha256) {
  return store.folder() / kind / std::to_string(project_id) / (std::string(sha256) + ".bin");
}

static std::string write_version(Store& store, std::string_view kind, int64_t project_id,
                                 std::string_view bytes) {
  const std::string sha256 = sha256_hex(bytes);
  const auto path = version_file(store, kind, project_id, sha256);
  make_folder(path.parent_path());
  write_file_atomically(path, bytes);
  sync_folder(path.parent_path().parent_path());
  stop_point("version_file_written");
  return sha256;
}

static std::string read_version(Store& store, std::string_view kind, int64_t project_id,
                                const std::string& sha256) {
  const auto path = version_file(store, kind, project_id, sha256);
  if (!std::filesystem::exists(path)) {
    fail(Code::unavailable, "the file {} is missing: restore it from a backup or train again",
         path.string());
  }
  std::string bytes = read_file(path);
  if (sha256_hex(bytes) != sha256) {
    fail(Code::unavailable, "the file {} is damaged: restore it from a backup or train again",
         path.string());
  }
  return bytes;
}

static const std::string select_featurizer =
    "SELECT project_id, version, name, params, features, geometry_features, is_sparse, "
    "fitted_rows, "
    "description, sha256, sequence, created_at FROM featurizers WHERE project_id = $1 ";

static FeaturizerVersion featurizer_of(const Row& row) {
  return {.project_id = row.integer(0),
          .version = row.integer(1),
          .name = row.text(2),
          .params = parse_json(row.view(3)),
          .features = row.integer(4),
          .geometry_features = row.integer(5),
          .is_sparse = row.flag(6),
          .fitted_rows = row.integer(7),
          .description = parse_json(row.view(8)),
          .sha256 = row.text(9),
          .sequence = row.integer(10),
          .created_at = row.integer(11)};
}

FeaturizerVersion add_featurizer(Store& store, FeaturizerVersion input, std::string_view bytes,
                                 const std::string& actor) {
  input.sha256 = write_version(store, "featurizers", input.project_id, bytes);
  return store.write([&](Session& session) {
    FeaturizerVersion f = input;
    f.version = session.integer(
        "UPDATE projects SET last_featurizer = last_featurizer + 1 WHERE id = $1 RETURNING "
        "last_featurizer",
        {f.project_id});
    f.created_at = store.now();
    f.sequence = record(store, "featurizer_fitted", f.project_id, actor,
                        {{"version", f.version},
                         {"name", f.name},
                         {"params", f.params},
                         {"fitted_rows", f.fitted_rows},
                         {"sha256", f.sha256}});
    session.execute(
        "INSERT INTO featurizers (project_id, version, name, params, features, geometry_features, "
        "is_sparse, fitted_rows, description, file, sha256, sequence, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        {f.project_id, f.version, f.name, canonical_json(f.params), f.features, f.geometry_features,
         f.is_sparse, f.fitted_rows, canonical_json(f.description), f.sha256 + ".bin", f.sha256,
         f.sequence, f.created_at});
    return f;
  });
}

std::optional<FeaturizerVersion> find_featurizer(Store& store, int64_t project_id,
                                                 int64_t version) {
  return store.read([&](Session& session) {
    return session.one(select_featurizer + "AND version = $2", {project_id, version},
                       featurizer_of);
  });
}

std::optional<FeaturizerVersion> latest_featurizer(Store& store, int64_t project_id) {
  return store.read([&](Session& session) {
    return session.one(select_featurizer + "ORDER BY version DESC LIMIT 1", {project_id},
                       featurizer_of);
  });
}

std::string featurizer_bytes(Store& store, int64_t project_id, int64_t version) {
  const auto found = find_featurizer(store, project_id, version);
  if (!found) fail(Code::not_found, "there is no featurizer version {}", version);
  return read_version(store, "featurizers", project_id, found->sha256);
}

static const std::string select_model =
    "SELECT project_id, version, learner, params, seed, classes, featurizer, featurizer_version, "
    "labels, "
    "label_hash, through_event, with_audit, metrics, gate, data, seconds, build, bytes, sha256, "
    "sequence, "
    "created_at FROM models WHERE project_id = $1 ";

static ModelVersion model_of(const Row& row) {
  ModelVersion model;
  model.project_id = row.integer(0);
  model.version = row.integer(1);
  model.learner = row.text(2);
  model.params = parse_json(row.view(3));
  model.seed = row.integer(4);
  model.classes = parse_json(row.view(5)).get<std::vector<std::string>>();
  model.featurizer = row.text(6);
  model.featurizer_version = row.integer(7);
  model.labels = row.integer(8);
  model.label_hash = row.text(9);
  model.through_event = row.integer(10);
  model.with_audit = row.flag(11);
  model.metrics = parse_json(row.view(12));
  model.gate = parse_json(row.view(13));
  model.data = parse_json(row.view(14));
  model.seconds = row.real(15);
  model.build = row.text(16);
  model.bytes = row.integer(17);
  model.sha256 = row.text(18);
  model.sequence = row.integer(19);
  model.created_at = row.integer(20);
  return model;
}

static std::vector<ModelVersion> read_models(Store& store, const std::string& where,
                                             std::initializer_list<Value> values) {
  return store.read([&](Session& session) {
    auto found = session.all(select_model + where, values, model_of);
    for (ModelVersion& model : found) {
      model.aliases = session.all(
          "SELECT alias FROM model_aliases WHERE project_id = $1 AND version = $2 ORDER BY alias",
          {model.project_id, model.version}, [](const Row& row) { return row.text(0); });
    }
    return found;
  });
}

// Distilled versions are served, but the loop goes on from those that it trained. The pattern finds
// a key alone: within a text of canonical JSON a quote has a backslash before it.
static const std::string trained_by_the_loop = R"(AND data NOT LIKE '%"distillation":%')";

static std::optional<ModelVersion> first_of(std::vector<ModelVersion> found) {
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

ModelVersion add_model(Store& store, ModelVersion input, std::string_view bytes,
                       const std::string& actor) {
  input.sha256 = write_version(store, "models", input.project_id, bytes);
  input.bytes = static_cast<int64_t>(bytes.size());
  return store.write([&](Session& session) {
    ModelVersion m = input;
    m.version = session.integer(
        "UPDATE projects SET last_model = last_model + 1 WHERE id = $1 RETURNING last_model",
        {m.project_id});
    m.created_at = store.now();
    m.sequence = record(store, "model_trained", m.project_id, actor,
                        {{"version", m.version},
                         {"learner", m.learner},
                         {"params", m.params},
                         {"seed", m.seed},
                         {"featurizer", m.featurizer},
                         {"featurizer_version", m.featurizer_version},
                         {"labels", m.labels},
                         {"label_hash", m.label_hash},
                         {"through_event", m.through_event},
                         {"with_audit", m.with_audit},
                         {"build", m.build},
                         {"sha256", m.sha256}});
    session.execute(
        "INSERT INTO models (project_id, version, learner, params, seed, classes, featurizer, "
        "featurizer_version, labels, label_hash, through_event, with_audit, metrics, gate, data, "
        "seconds, "
        "build, file, bytes, sha256, sequence, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
        "$9, "
        "$10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        {m.project_id,
         m.version,
         m.learner,
         canonical_json(m.params),
         m.seed,
         canonical_json(m.classes),
         m.featurizer,
         m.featurizer_version,
         m.labels,
         m.label_hash,
         m.through_event,
         m.with_audit,
         canonical_json(m.metrics),
         canonical_json(m.gate),
         canonical_json(m.data),
         m.seconds,
         m.build,
         m.sha256 + ".bin",
         m.bytes,
         m.sha256,
         m.sequence,
         m.created_at});
    return m;
  });
}

std::optional<ModelVersion> find_model(Store& store, int64_t project_id, int64_t version) {
  return first_of(read_models(store, "AND version = $2", {project_id, version}));
}

std::optional<ModelVersion> latest_model(Store& store, int64_t project_id) {
  return first_of(
      read_models(store, trained_by_the_loop + " ORDER BY version DESC LIMIT 1", {project_id}));
}

std::optional<ModelVersion> model_of_alias(Store& store, int64_t project_id,
                                           std::string_view alias) {
  return first_of(read_models(
      store,
      "AND version = (SELECT version FROM model_aliases WHERE project_id = $1 AND alias = $2)",
      {project_id, alias}));
}

Page<ModelVersion> models(Store& store, int64_t project_id, int64_t after, size_t limit) {
  limit = std::clamp<size_t>(limit, 1, 1'000);
  const int64_t before = after > 0 ? after : INT64_MAX;
  Page<ModelVersion> page;
  page.items = read_models(store, "AND version < $2 ORDER BY version DESC LIMIT $3",
                           {project_id, before, limit});
  if (page.items.size() == limit) page.next = page.items.back().version;
  return page;
}

std::vector<ModelVersion> models_in_order(Store& store, int64_t project_id) {
  return read_models(store, trained_by_the_loop + " ORDER BY version", {project_id});
}

std::string model_bytes(Store& store, int64_t project_id, int64_t version) {
  const auto found = find_model(store, project_id, version);
  if (!found) fail(Code::not_found, "there is no model version {}", version);
  return read_version(store, "models", project_id, found->sha256);
}

std::string add_model_part(Store& store, int64_t project_id, std::string_view bytes) {
  return write_version(store, "models", project_id, bytes);
}

std::string model_part(Store& store, int64_t project_id, const std::string& sha256) {
  return read_version(store, "models", project_id, sha256);
}

static void set_known(Store& store, std::string_view sql, std::string_view kind,
                      std::string_view name, int64_t project_id, int64_t version, const Json& value,
                      const std::string& actor) {
  store.write([&](Session& session) {
    if (session.execute(sql, {project_id, version, canonical_json(value)}) != 1) {
      fail(Code::not_found, "there is no model version {}", version);
    }
    record(store, kind, project_id, actor, {{"version", version}, {std::string(name), value}});
  });
}

void set_model_metrics(Store& store, int64_t project_id, int64_t version, const Json& metrics,
                       const std::string& actor) {
  set_known(store, "UPDATE models SET metrics = $3 WHERE project_id = $1 AND version = $2",
            "model_evaluated", "metrics", project_id, version, metrics, actor);
}

void set_model_gate(Store& store, int64_t project_id, int64_t version, const Json& gate,
                    const std::string& actor) {
  set_known(store, "UPDATE models SET gate = $3 WHERE project_id = $1 AND version = $2",
            "model_gated", "gate", project_id, version, gate, actor);
}

void set_model_data(Store& store, int64_t project_id, int64_t version, std::string_view key,
                    const Json& value, const std::string& actor) {
  store.write([&](Session& session) {
    const auto found = find_model(store, project_id, version);
    if (!found) fail(Code::not_found, "there is no model version {}", version);
    Json data = found->data;
    if (data.contains(key)) return;
    data[std::string(key)] = value;
    session.execute("UPDATE models SET data = $3 WHERE project_id = $1 AND version = $2",
                    {project_id, version, canonical_json(data)});
    record(store, "model_examined", project_id, actor,
           {{"version", version}, {std::string(key), value}});
  });
}

}  // namespace querist::storage
