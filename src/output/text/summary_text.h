#pragma once

#include <string>

#include "model/transaction.h"

namespace sslsniff {

/// What is printed when a capture ends, in the manner of tcpdump: lines with what was seen and what was lost.
std::string summary_text(const CaptureSummary& summary);

}  // namespace sslsniff
