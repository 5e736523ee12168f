#pragma once

#include <vector>

#include "model/dissector_traits.h"
#include "protocols/decode_as.h"

namespace sslsniff {

/// Of the table of protocols. A connection speaks what the `rules` say, else what its first bytes look like.
Dissectors make_dissectors(std::vector<DecodeAs> rules);

}  // namespace sslsniff
