// Text with typing mistakes: noise to train on and to measure with (Belinkov and Bisk 2018).
#pragma once

#include <string>
#include <string_view>

#include "base/rng.h"

namespace querist::loop {

// Each ASCII letter is mistyped with the chance `rate`: left out, doubled, swapped with the next
// letter, or another of its neighbours on the keyboard, each as likely. Everything else stays.
std::string with_typos(std::string_view text, double rate, Rng& rng);

}  // namespace querist::loop
