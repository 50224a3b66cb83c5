// Keeps the process alive when a page of a mapped file cannot be read: the file was cut short, or
// its disk failed. The page reads as zeros from then on, and the mapping is marked.
#pragma once

#include <cstddef>

namespace querist {

// The mapping's place under guard, or -1 when all 4,096 places are taken: then it goes without.
int guard_mapping(const void* data, size_t size);
// Before it is unmapped.
void release_mapping(int place) noexcept;
// Whether any page could not be read: nothing computed from the mapping is to be believed then.
bool mapping_faulted(int place) noexcept;

}  // namespace querist
