// Versions of featurizers and models: bytes in files named by content, rows that point to them, and
// aliases.
#pragma once

#include "storage/store.h"

namespace querist::storage {

// Writes the bytes to their file, then the row; version, sha256, sequence and created_at are given
// by the store.
FeaturizerVersion add_featurizer(Store& store, FeaturizerVersion featurizer, std::string_view bytes,
                                 const std::string& actor);
std::optional<FeaturizerVersion> find_featurizer(Store& store, int64_t project_id, int64_t version);
std::optional<FeaturizerVersion> latest_featurizer(Store& store, int64_t project_id);
// Throws unavailable when the file is missing or its SHA-256 is not the row's.
std::string featurizer_bytes(Store& store, int64_t project_id, int64_t version);

ModelVersion add_model(Store& store, ModelVersion model, std::string_view bytes,
                       const std::string& actor);
std::optional<ModelVersion> find_model(Store& store, int64_t project_id, int64_t version);
// The loop's newest: a distilled version (data["distillation"]) is none of the loop's own.
std::optional<ModelVersion> latest_model(Store& store, int64_t project_id);
std::optional<ModelVersion> model_of_alias(Store& store, int64_t project_id,
                                           std::string_view alias);
Page<ModelVersion> models(Store& store, int64_t project_id, int64_t after = 0,
                          size_t limit = 50);  // Newest first.
std::vector<ModelVersion> models_in_order(
    Store& store,
    int64_t project_id);  // Oldest first: the learning curve, the loop's own alone.
std::string model_bytes(Store& store, int64_t project_id, int64_t version);

// Files that belong to a version beside its own, named by what they hold: a second head, the
// pseudo-labels. Write them before the version's row, which names them; returns the SHA-256.
std::string add_model_part(Store& store, int64_t project_id, std::string_view bytes);
// Throws unavailable when the file is missing or damaged.
std::string model_part(Store& store, int64_t project_id, const std::string& sha256);

// Metrics and gate are added once they are known, each with an event; the rest of a version never
// changes.
void set_model_metrics(Store& store, int64_t project_id, int64_t version, const Json& metrics,
                       const std::string& actor);
void set_model_gate(Store& store, int64_t project_id, int64_t version, const Json& gate,
                    const std::string& actor);
// Likewise what is found out about a version later, under a key of its data. What is there already
// stays.
void set_model_data(Store& store, int64_t project_id, int64_t version, std::string_view key,
                    const Json& value, const std::string& actor);

// Points the alias at the version and appends to its history. action: promote, rollback, automatic.
AliasChange set_alias(Store& store, int64_t project_id, std::string_view alias, int64_t version,
                      std::string_view action, const std::string& reason, const std::string& actor);
// Back to the version the alias had before; throws conflict when there is none.
AliasChange roll_back(Store& store, int64_t project_id, std::string_view alias,
                      const std::string& reason, const std::string& actor);
std::vector<AliasChange> alias_history(Store& store, int64_t project_id);  // Newest first.

}  // namespace querist::storage
