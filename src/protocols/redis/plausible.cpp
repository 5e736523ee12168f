#include "protocols/redis/plausible.h"

#include <algorithm>
#include <cstdint>

#include "protocols/redis/commands.h"
#include "protocols/redis/resp_number.h"

namespace sslsniff::redis {
namespace {

// Status and error lines are short; longer ones exist but are not what to resynchronise on.
constexpr std::size_t kMaxStatusLine = 256;
constexpr std::size_t kMaxDigits = 20;
// FUNCTION and module commands such as "TDIGEST.TRIMMED_MEAN".
constexpr std::int64_t kMaxName = 32;

/// Takes a line from the front. `line` is without CRLF.
Verdict take_line(ByteView& bytes, std::size_t max, ByteView& line) {
    const std::size_t end = bytes.substr(0, max + 2).find('\n');
    if (end == ByteView::npos) {
        return bytes.size() < max + 2 ? Verdict::need_more : Verdict::no;
    }
    if (end == 0 || bytes[end - 1] != '\r') {
        return Verdict::no;
    }
    line = bytes.substr(0, end - 1);
    bytes.remove_prefix(end + 1);
    return Verdict::yes;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Takes a line that is a number from `min` to `max`; refuses as early as the bytes allow.
Verdict take_number(ByteView& bytes, std::int64_t min, std::int64_t max) {
    const std::size_t digits = bytes.starts_with('-') ? 1 : 0;
    const auto line_end = std::min(bytes.find('\r'), bytes.size());
    if (!std::ranges::all_of(bytes.substr(digits, line_end - std::min(line_end, digits)), is_digit)) {
        return Verdict::no;
    }
    ByteView line;
    if (const Verdict verdict = take_line(bytes, kMaxDigits, line); verdict != Verdict::yes) {
        return verdict;
    }
    std::int64_t number = 0;
    return parse_integer(line, number) && number >= min && number <= max ? Verdict::yes : Verdict::no;
}

bool is_printable(ByteView text) {
    return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; });
}

/// What commands are named with.
bool is_word(ByteView text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '.' || c == '_' ||
               c == '-';
    });
}

Verdict status_line(ByteView bytes, bool error) {
    if (!is_printable(bytes.substr(0, std::min(bytes.find('\r'), kMaxStatusLine)))) {
        return Verdict::no;
    }
    if (error && !bytes.empty() && (bytes.front() < 'A' || bytes.front() > 'Z')) {
        return Verdict::no;
    }
    ByteView line;
    return take_line(bytes, kMaxStatusLine, line);
}

}  // namespace

Verdict plausible_request(ByteView bytes, bool known) {
    for (const char type : {'*', '$'}) {
        if (bytes.empty()) {
            return Verdict::need_more;
        }
        if (bytes.front() != type) {
            return Verdict::no;
        }
        bytes.remove_prefix(1);
        const ByteView number = bytes;
        const bool count = type == '*';
        const Verdict verdict = take_number(bytes, 1, count ? 1'048'576 : kMaxName);
        if (verdict != Verdict::yes) {
            return verdict;
        }
        if (!count) {
            std::int64_t size = 0;
            parse_integer(number.substr(0, number.find('\r')), size);
            const auto length = static_cast<std::size_t>(size);
            const ByteView name = bytes.substr(0, length);
            if (!is_word(name)) {
                return Verdict::no;
            }
            if (name.size() < length) {
                return Verdict::need_more;
            }
            if (known && find_command(name) == nullptr) {
                return Verdict::no;
            }
        }
    }
    return Verdict::yes;
}

Verdict plausible_inline(ByteView bytes, bool known) {
    const std::size_t end = bytes.find('\n');
    ByteView line = bytes.substr(0, end);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    const ByteView name = line.substr(0, line.find(' '));
    if (!is_printable(line) || name.size() > kMaxName || line.starts_with(' ')) {
        return Verdict::no;
    }
    const bool good = known ? find_command(name) != nullptr : !name.empty() && is_word(name);
    if (end == ByteView::npos) {
        return bytes.size() < 512 && (name.size() == line.size() || good) ? Verdict::need_more : Verdict::no;
    }
    return good ? Verdict::yes : Verdict::no;
}

Verdict plausible_reply(ByteView bytes) {
    if (bytes.empty()) {
        return Verdict::need_more;
    }
    constexpr ByteView kTypes = "+-:$*_,#!=(%~|>";
    constexpr std::int64_t kMaxLength = std::int64_t{4} << 30;
    const char type = bytes.front();
    bytes.remove_prefix(1);
    ByteView line;
    switch (type) {
        case '+':
        case '-':
            return status_line(bytes, type == '-');
        case ':':
            return take_number(bytes, INT64_MIN, INT64_MAX);
        case '$':
            return take_number(bytes, -1, kMaxLength);
        case '=':
        case '!':
            return take_number(bytes, 0, kMaxLength);
        case '*':
        case '%':
        case '~':
        case '|':
        case '>': {
            const bool none = bytes.starts_with('0') || bytes.starts_with('-');
            const Verdict verdict = take_number(bytes, type == '*' ? -1 : 0, INT32_MAX);
            if (verdict != Verdict::yes || none) {
                return verdict;
            }
            if (bytes.empty()) {
                return Verdict::need_more;
            }
            return kTypes.find(bytes.front()) != ByteView::npos ? Verdict::yes : Verdict::no;
        }
        case '_':
        case '#':
        case ',':
        case '(': {
            const Verdict verdict = take_line(bytes, kMaxDigits + 10, line);
            if (verdict != Verdict::yes) {
                return verdict;
            }
            const bool good = type == '_'   ? line.empty()
                              : type == '#' ? line == "t" || line == "f"
                              : type == ',' ? is_double(line)
                                            : !line.empty() && std::ranges::all_of(line.substr(1), is_digit);
            return good ? Verdict::yes : Verdict::no;
        }
        default:
            return Verdict::no;
    }
}

}  // namespace sslsniff::redis
