// Large immutable bytes as files named by their SHA-256 under the data folder.
#pragma once

#include <span>

#include "storage/store.h"

namespace querist::storage {

// Durable on return; bytes already there are not written again. One sync serves the whole batch.
std::vector<std::string> put_blobs(Store& store, std::span<const std::string_view> blobs);
// Throws not_found; unavailable when the bytes no longer have their hash.
std::string blob(Store& store, std::string_view hash);

}  // namespace querist::storage
