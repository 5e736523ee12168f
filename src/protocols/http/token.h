#pragma once

#include <array>

#include "base/bytes.h"

namespace sslsniff {

inline constexpr std::array<bool, 256> kTokenChars = [] {
    std::array<bool, 256> table{};
    for (const char c :
         ByteView("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

/// token characters of RFC 9110 section 5.6.2, which methods and field names consist of.
constexpr bool is_token_char(char c) {
    return kTokenChars[static_cast<unsigned char>(c)];
}

}  // namespace sslsniff
