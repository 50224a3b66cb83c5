// One style for all reports, light and dark as the reader has it.
#include "loop/simulation/report_page.h"

#include "base/error.h"
#include "loop/simulation/comparisons.h"
#include "loop/simulation/report_charts.h"

namespace querist::loop {

std::string text_of(const Json& row, const char* key) {
  return escaped(row[key].get<std::string>());
}

std::string number_of(const Json& row, const char* key, int digits) {
  if (!row.contains(key) || row[key].is_null()) return "–";
  return fmt::format("{:.{}f}", row[key].get<double>(), digits);
}

std::string time_text(double seconds) {
  const bool is_short = seconds < 0.9995;  // What rounds up to 1000 ms is a second.
  const double value = is_short ? 1000 * seconds : seconds;
  const std::string digits =
      value >= 99.95 ? fmt::format("{:.0f}", value) : fmt::format("{:#.3g}", value);
  return digits + (is_short ? " ms" : " s");
}

std::string value_of(const Json& row, const char* key, const Measure& measure) {
  if (!row.contains(key) || row[key].is_null()) return "–";
  return measure.text(row[key].get<double>());
}

std::string pairs_section(const Json& result) {
  const Measure& judged = find_metric(result["metric"].get<std::string>()).judged();
  if (result["pairs"].empty()) return "";
  std::string rows;
  for (const Json& row : result["pairs"]) {
    rows += fmt::format(
        "<tr{}><th scope=\"row\">{} – {}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
        !row["p_holm"].is_null() && row["p_holm"].get<double>() < 0.05 ? " class=\"differs\"" : "",
        text_of(row, "name"), text_of(row, "against"),
        judged.signed_text(row["aulc_difference"].get<double>()),
        escaped(p_value_text(row["p_value"])), escaped(p_value_text(row["p_holm"])));
  }
  std::string text =
      "<h2>All pairs</h2><div class=\"wide\"><table><tr><th>pair</th><th>difference in area</th>"
      "<th>p (Wilcoxon)</th><th>p (Holm)</th></tr>" +
      rows + "</table></div><p>Bold: they differ at 5 % with all pairs taken together.</p>";
  const Json& ranks = result["ranks"];
  if (ranks.is_null()) return text;
  const bool seeds = ranks.contains("seeds");
  if (seeds) {
    const std::string few =
        too_few_text(ranks["seeds"].get<size_t>(), result["pairs"].size(), "seeds", "seeds");
    if (!few.empty()) text += "<p>" + few + "</p>";
  }
  return text + "<h2>Ranks</h2>" + ranks_svg(ranks) +
         fmt::format(
             "<p>Mean ranks over {} {}, 1 the best; bars join groups that do not differ at 5 % "
             "(Nemenyi). That all are alike: {} (Friedman's test, in Iman and Davenport's "
             "form).{}</p>",
             ranks[seeds ? "seeds" : "data_sets"].get<int64_t>(), seeds ? "seeds" : "data sets",
             escaped(p_text(ranks["friedman_p_value"])),
             seeds ? " Seeds share one data set, so this speaks of it alone." : "");
}

static constexpr const char* style =
    ":root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;max-width:960px;"
    "margin:32px auto;padding:0 "
    "16px}h1{font-size:20px}h2{font-size:16px;margin-top:32px}h3{font-size:14px;margin-top:24px}"
    "section{border-top:2px solid "
    "#8884;margin-top:32px}"
    ".c0{color:#0b6472}.c1{color:#bf3c80}.c2{color:#8b6807}.c3{color:#3246b6}.c4{color:#1b7a5c}"
    ".c5{color:#88414b}.c6{color:#6d63d9}.control{color:#657079}@media(prefers-color-scheme:dark){"
    ".c0{color:#4fb8c8}.c1{color:#ee8fbf}.c2{color:#d0a83a}.c3{color:#8c9dff}.c4{color:#55c79f}"
    ".c5{color:#d98a94}.c6{color:#b3abff}.control{color:#a3adb4}}"
    ".line{fill:none;stroke:currentColor;stroke-width:2}.band{fill:currentColor;opacity:.1}.dot{"
    "fill:currentColor}"
    "svg{width:100%;height:auto}svg.key{width:40px;height:8px;margin-right:6px;vertical-align:"
    "middle}svg text{font-size:12px;fill:currentColor}.name{font-weight:600;fill:currentColor}"
    "svg .note{opacity:.6}.grid{stroke:currentColor;opacity:.15}.ink{stroke:currentColor}"
    ".same{stroke:currentColor;stroke-width:4;opacity:.6}.wide{overflow-x:auto}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:6px 16px 6px "
    "0;text-align:left;border-bottom:1px solid #8884;font-weight:400}tr:first-child "
    "th{font-weight:600;vertical-align:bottom}th[scope]{font-weight:600}.differs "
    "td{font-weight:600}small{opacity:.7}p{max-width:70ch}code{overflow-wrap:anywhere}.legend "
    "span{white-space:nowrap;margin-right:16px}td{white-space:nowrap}.small{max-width:640px}";

std::string lowered(std::string html) {
  for (const auto& [from, to] : {std::pair("<h2>", "<h3>"), std::pair("</h2>", "</h3>")}) {
    for (size_t at = 0; (at = html.find(from, at)) != std::string::npos;)
      html.replace(at, std::string_view(from).size(), to);
  }
  return html;
}

std::string report_page(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>{}</title><style>{}</style></head><body>{}<p>Written "
      "by <code>querist simulate --html</code>.</p></body></html>\n",
      escaped(title), style, body);
}

}  // namespace querist::loop
