// What a model says of a fixed sample of the pool: the stopping rules compare it from model to
// model.
#pragma once

#include "base/json.h"
#include "loop/workshop.h"

namespace querist::loop {

// {stop_pool, stop_set, stop_entropy} for the version's data: how many rows the pool had at the
// first model, the classes that this model gives to the sample, and its mean entropy there in nats.
Json stop_set(Workshop& workshop, const Project& project, const LoadedModel& model,
              const storage::FeatureView& view);

}  // namespace querist::loop
