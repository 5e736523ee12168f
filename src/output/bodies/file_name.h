#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/transaction.h"

namespace sslsniff {

/// What the name of a saved body says besides its transaction.
struct SavedBodyLabel {
    std::string_view side;         ///< "request", "response"
    ByteView url;                  ///< hostile
    ByteView content_type;         ///< hostile
    std::string_view undone;       ///< ".incomplete" ...; mostly empty
    std::uint32_t repetition = 1;  ///< counts bodies of the same name, from 1
};

/// TIME-CONNECTION-SIDE-WORD[.EXTENSION][.incomplete][~N]: letters, digits, '.', '_', '~' and '-' only, at
/// most 160 bytes, never hidden. WORD is the last segment of the URL's path.
std::string saved_body_name(const Transaction& transaction, const SavedBodyLabel& label);

}  // namespace sslsniff
