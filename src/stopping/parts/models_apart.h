// Models far enough apart in labels that their agreement means something.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/params.h"
#include "stopping/stopping.h"

namespace querist::stopping {

// The newest model and earlier ones, newest first, each at least `distance` (a share of the later
// one's labels) and one batch before the one after it. Models that are a few labels apart agree
// whatever they know, so a small batch would stop too soon; distance is in labels, not in models.
std::vector<const ModelRecord*> models_apart(const History& history, double distance);

// The parameters `window` and `distance` of rules over such models. help: a literal, of what the
// window's steps must do; the row keeps a view of it.
ParamSpec window_param(std::string_view help);
ParamSpec distance_param();

// Stop-set classes that differ between two models.
size_t changed_answers(const ModelRecord& before, const ModelRecord& after);

// A model that knows one answer only agrees with itself perfectly, and says nothing.
bool gives_one_answer(const ModelRecord& model);

// "3 more batches", for what is known only then.
std::string more_batches(size_t missing);

// How often one class is answered by each of two models, and by both at once.
struct Overlap {
  double before = 0;
  double after = 0;
  double both = 0;
};

// Of every class that either names.
std::map<int32_t, Overlap> overlaps(std::span<const int32_t> before,
                                    std::span<const int32_t> after);

// By how much F may differ between the two models at most, on average over the classes that either
// names: 4 (1 - T) / T for each class, T the kappa of "this class or not" (Bloodgood and
// Grothendieck 2013), and at most 1. Holds on the stop set, whatever its true labels.
double largest_f_change(std::span<const int32_t> before, std::span<const int32_t> after);

// By how much F grew if the newer answers are right, on average over the classes that either names:
// for each class 1 - 2 both / (before + after) (Altschuler and Bloodgood 2019). In [0, 1], and
// never above largest_f_change.
double predicted_f_change(std::span<const int32_t> before, std::span<const int32_t> after);

}  // namespace querist::stopping
