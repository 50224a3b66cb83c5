// Payloads for featurizers, in batches, with the bytes of images and the numbers of embeddings.
#include <algorithm>

#include "storage/blobs.h"
#include "storage/examples.h"
#include "storage/feature_store.h"
#include "storage/projects.h"

namespace querist::storage {

// The bytes and numbers that lie beside the database are read after its snapshot was let go.
static void fill(Store& store, const Project& project, std::span<const int64_t> rows,
                 std::vector<std::string>& texts, std::vector<Payload>& result) {
  result.assign(rows.size(), {});
  std::shared_ptr<FeatureFiles> files;
  FeatureView view;
  if (project.payload == PayloadKind::embedding && !rows.empty()) {
    files = embedding_files(store, project.id, static_cast<size_t>(project.dimensions));
    view = files->view();
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    switch (*project.payload) {
      case PayloadKind::text:
        result[i].text = std::move(texts[i]);
        break;
      case PayloadKind::columns:
        result[i].cells = parse_json(texts[i]).get<std::vector<std::string>>();
        break;
      case PayloadKind::image:
        result[i].image = blob(store, texts[i]);
        break;
      case PayloadKind::embedding: {
        if (static_cast<size_t>(rows[i]) >= view.rows) {
          fail(Code::unavailable, "the embedding of row {} is missing: import the embeddings again",
               rows[i]);
        }
        const float* from = view.features.dense + static_cast<size_t>(rows[i]) * view.features.cols;
        result[i].embedding.assign(from, from + view.features.cols);
        break;
      }
    }
  }
}

void each_payload(Store& store, int64_t project_id, int64_t begin, int64_t end, size_t batch,
                  const std::function<void(int64_t, std::span<const Payload>)>& receive) {
  const Project owner = project(store, project_id);
  end = std::min(end, owner.counts.examples);
  std::vector<Payload> ready;
  for (int64_t first = begin; first < end; first += static_cast<int64_t>(batch)) {
    const int64_t last = std::min(end, first + static_cast<int64_t>(batch));
    std::vector<int64_t> rows;
    std::vector<std::string> texts;
    for (int64_t row = first; row < last; ++row) rows.push_back(row);
    if (owner.payload != PayloadKind::embedding) {
      texts = store.read([&](Session& session) {
        return session.all(
            "SELECT payload FROM examples WHERE project_id = $1 AND row >= $2 AND row < $3 ORDER "
            "BY row",
            {project_id, first, last}, [](const Row& row) { return row.text(0); });
      });
      if (texts.size() != rows.size())
        fail(Code::internal, "rows of project {} are missing", owner.name);
    }
    fill(store, owner, rows, texts, ready);
    receive(first, ready);
  }
}

std::vector<Payload> payloads(Store& store, int64_t project_id, std::span<const int64_t> rows) {
  const Project owner = project(store, project_id);
  auto texts = store.read([&](Session& session) {
    std::vector<std::string> found;
    for (const int64_t row : rows) {
      auto text = session.one("SELECT payload FROM examples WHERE project_id = $1 AND row = $2",
                              {project_id, row}, [](const Row& r) { return r.text(0); });
      if (!text) fail(Code::not_found, "there is no example row {} in this project", row);
      found.push_back(std::move(*text));
    }
    return found;
  });
  std::vector<Payload> result;
  fill(store, owner, rows, texts, result);
  return result;
}

}  // namespace querist::storage
