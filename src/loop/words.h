// The words of a text as evaluation reads them: letters' case, spaces and punctuation aside.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace querist::loop {

// Runs of ASCII letters, digits and bytes of other scripts, ASCII letters in lower case.
std::vector<std::string> words_of(std::string_view text);

}  // namespace querist::loop
