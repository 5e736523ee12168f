#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sslsniff {

struct CodePoint {
    std::uint32_t value = 0;
    std::size_t length = 0;  ///< in bytes; 0: ill-formed
};
/// The code point at the start of `bytes`, which must not be empty (RFC 3629 section 4).
CodePoint decode_utf8(ByteView bytes);

/// Characters that could drive a terminal or reorder what it shows: C0, DEL, C1, line and paragraph
/// separators, and the embeddings, overrides and isolates of UAX 9.
constexpr bool is_dangerous(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/// True when `bytes` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool is_utf8(ByteView bytes);

/// Length in bytes of the longest prefix of `bytes` that is well-formed UTF-8.
std::size_t utf8_prefix(ByteView bytes);

/// Length of `bytes` without the code point that is cut off at its end, if there is one.
std::size_t without_cut_code_point(ByteView bytes);

/// The first `size` bytes of `bytes`, or less by a code point that would be cut off.
ByteView prefix_of(ByteView bytes, std::size_t size);

/// `bytes` made safe for a terminal: control characters (C0, DEL, C1, bidi overrides) and ill-formed UTF-8
/// become \xNN, and so does a backslash in front of an x, so that no text can look like another. With
/// `keep_newlines`, LF and TAB pass.
std::string printable(ByteView bytes, bool keep_newlines = false);

/// The same, but backslashes stay: for text in a notation that escapes them by itself.
std::string printable_notation(ByteView bytes);

/// RFC 4648 section 4, with padding.
std::string base64(ByteView bytes);

/// "0", "999", "1.2k", "34M", "5.6G": powers of 1000, for reading at a glance.
std::string human_size(std::uint64_t bytes);

/// "850us", "12.3ms", "4.56s", "3m20s". Negative durations appear as "0us".
std::string human_duration(std::int64_t nanoseconds);

/// Lower-cased ASCII copy; other bytes unchanged.
std::string to_lower(std::string_view text);

/// ASCII case-insensitive equality (field names, RFC 9110 section 5.1).
bool equals_ignore_case(std::string_view a, std::string_view b);

/// Without leading and trailing SP and HTAB (OWS, RFC 9110 section 5.6.3).
std::string_view trim(std::string_view text);

}  // namespace sslsniff
