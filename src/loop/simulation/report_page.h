// What the HTML reports of simulations share: the page, cells, and the section of all pairs and
// ranks.
#pragma once

#include <string>

#include "base/json.h"
#include "loop/simulation/metric.h"

namespace querist::loop {

// The whole page. title: as text; body: as HTML.
std::string report_page(const std::string& title, const std::string& body);

std::string text_of(const Json& row, const char* key);  // Escaped.
// A number with so many digits, or a dash where it is null or absent.
std::string number_of(const Json& row, const char* key, int digits);

// "0.0123 ms", "4.56 ms", "78.9 s": three significant digits, and whole seconds from 100 on.
std::string time_text(double seconds);

// A value of this measure with its usual digits, or a dash.
std::string value_of(const Json& row, const char* key, const Measure& measure);

// The result's pairs and, where there are some, its ranks with the critical-difference diagram.
std::string pairs_section(const Json& result);

// Headings one level lower, below a section's title; what users named is escaped, so that every tag
// is ours.
std::string lowered(std::string html);

}  // namespace querist::loop
