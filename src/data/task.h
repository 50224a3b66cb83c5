// What is predicted of an example.
#pragma once

namespace querist {

// One class, any number of labels, or a number. any: for what does not care.
enum class Task { any, classification, multi_label, regression };

}  // namespace querist
