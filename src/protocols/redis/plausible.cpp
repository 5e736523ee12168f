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
Verdict take_line(ByteView& octets, std::size_t max, ByteView& line) {
    const std::size_t end = octets.substr(0, max + 2).find('\n');
    if (end == ByteView::npos) {
        return octets.size() < max + 2 ? Verdict::need_more : Verdict::no;
    }
    if (end == 0 || octets[end - 1] != '\r') {
        return Verdict::no;
    }
    line = octets.substr(0, end - 1);
    octets.remove_prefix(end + 1);
    return Verdict::yes;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Takes a line that is a number from `min` to `max`; refuses as early as the octets allow.
Verdict take_number(ByteView& octets, std::int64_t min, std::int64_t max) {
    const std::size_t digits = octets.starts_with('-') ? 1 : 0;
    const auto line_end = std::min(octets.find('\r'), octets.size());
    if (!std::ranges::all_of(octets.substr(digits, line_end - std::min(line_end, digits)), is_digit)) {
        return Verdict::no;
    }
    ByteView line;
    if (const Verdict verdict = take_line(octets, kMaxDigits, line); verdict != Verdict::yes) {
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

Verdict status_line(ByteView octets, bool error) {
    if (!is_printable(octets.substr(0, std::min(octets.find('\r'), kMaxStatusLine)))) {
        return Verdict::no;
    }
    if (error && !octets.empty() && (octets.front() < 'A' || octets.front() > 'Z')) {
        return Verdict::no;
    }
    ByteView line;
    return take_line(octets, kMaxStatusLine, line);
}

}  // namespace

Verdict plausible_request(ByteView octets, bool known) {
    for (const char type : {'*', '$'}) {
        if (octets.empty()) {
            return Verdict::need_more;
        }
        if (octets.front() != type) {
            return Verdict::no;
        }
        octets.remove_prefix(1);
        const ByteView number = octets;
        const bool count = type == '*';
        const Verdict verdict = take_number(octets, 1, count ? 1'048'576 : kMaxName);
        if (verdict != Verdict::yes) {
            return verdict;
        }
        if (!count) {
            std::int64_t size = 0;
            parse_integer(number.substr(0, number.find('\r')), size);
            const auto length = static_cast<std::size_t>(size);
            const ByteView name = octets.substr(0, length);
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

Verdict plausible_inline(ByteView octets, bool known) {
    const std::size_t end = octets.find('\n');
    ByteView line = octets.substr(0, end);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    const ByteView name = line.substr(0, line.find(' '));
    if (!is_printable(line) || name.size() > kMaxName || line.starts_with(' ')) {
        return Verdict::no;
    }
    const bool good = known ? find_command(name) != nullptr : !name.empty() && is_word(name);
    if (end == ByteView::npos) {
        return octets.size() < 512 && (name.size() == line.size() || good) ? Verdict::need_more : Verdict::no;
    }
    return good ? Verdict::yes : Verdict::no;
}

Verdict plausible_reply(ByteView octets) {
    if (octets.empty()) {
        return Verdict::need_more;
    }
    constexpr ByteView kTypes = "+-:$*_,#!=(%~|>";
    constexpr std::int64_t kMaxLength = std::int64_t{4} << 30;
    const char type = octets.front();
    octets.remove_prefix(1);
    ByteView line;
    switch (type) {
        case '+':
        case '-':
            return status_line(octets, type == '-');
        case ':':
            return take_number(octets, INT64_MIN, INT64_MAX);
        case '$':
            return take_number(octets, -1, kMaxLength);
        case '=':
        case '!':
            return take_number(octets, 0, kMaxLength);
        case '*':
        case '%':
        case '~':
        case '|':
        case '>': {
            const bool none = octets.starts_with('0') || octets.starts_with('-');
            const Verdict verdict = take_number(octets, type == '*' ? -1 : 0, INT32_MAX);
            if (verdict != Verdict::yes || none) {
                return verdict;
            }
            if (octets.empty()) {
                return Verdict::need_more;
            }
            return kTypes.find(octets.front()) != ByteView::npos ? Verdict::yes : Verdict::no;
        }
        case '_':
        case '#':
        case ',':
        case '(': {
            const Verdict verdict = take_line(octets, kMaxDigits + 10, line);
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
