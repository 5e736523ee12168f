#pragma once

#include "model/connection.h"

namespace sslsniff {

/// Adds what `news` says to what is `known` of a connection: later news win, and silence changes nothing.
void merge(TlsInfo& known, const TlsInfo& news);

}  // namespace sslsniff
