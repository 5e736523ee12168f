#pragma once

#include <string>

namespace sslsniff {

/// What every report begins with: an HTML document up to the body's first block of data, with style sheet and
/// script (src/output/html/page/) in it. Its Content-Security-Policy permits these two, by their hashes, and
/// nothing else: no request, no other script.
std::string report_head();

/// Ends the document.
inline constexpr const char* kReportEnd = "</body>\n</html>\n";

}  // namespace sslsniff
