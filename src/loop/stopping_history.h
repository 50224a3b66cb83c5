// A project's past as the stopping rules read it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stopping/stopping.h"
#include "storage/store.h"

namespace querist::loop {

// models: oldest first. The history's texts are those of the project, which must outlive it.
stopping::History stopping_history(storage::Store& store, const Project& project,
                                   const std::vector<ModelVersion>& models);

// The parameters of the rules that the project's settings name.
std::map<std::string, Params> stopping_settings(const Project& project);

// The random part of a review: a project of two classes whose strategy is certainty. Nothing where
// the project is none. Draws made before the pool last grew measured another pool, and those made
// while earlier examples wait for their answers cannot be counted yet; both are left out.
std::optional<stopping::Review> review_of(storage::Store& store, const Project& project);

}  // namespace querist::loop
