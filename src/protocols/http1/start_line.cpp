#include "protocols/http1/start_line.h"

#include <llhttp.h>

#include <algorithm>
#include <utility>

namespace sslsniff {
namespace {

constexpr ByteView kVersionPrefix = "HTTP/1.";

constexpr std::array kMethods = std::to_array<ByteView>({
#define SSLSNIFF_METHOD(number, name, text) #text,
    HTTP_METHOD_MAP(SSLSNIFF_METHOD)
#undef SSLSNIFF_METHOD
});

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr std::array<bool, 256> kTokenChars = [] {
    std::array<bool, 256> table{};
    for (const char c :
         ByteView("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

/// What a target may begin with: origin-form, asterisk-form, scheme or host, IPv6 literal.
constexpr bool starts_target(char c) {
    return c == '/' || c == '*' || c == '[' || is_digit(c) || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

constexpr bool in_target(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet > 0x20 && octet != 0x7F;
}

}  // namespace

bool is_known_method(ByteView method) {
    return method != "PRI" && std::ranges::find(kMethods, method) != kMethods.end();
}

bool is_token_char(char c) {
    return kTokenChars[static_cast<unsigned char>(c)];
}

Verdict StartLineMatcher::push_request(char c) {
    if (++length_ > kMaxLine) {
        return Verdict::no;
    }
    switch (part_) {
        case Part::method:
            if (c == ' ') {
                part_ = Part::target;
                return is_known_method({method_.data(), std::exchange(in_part_, 0)}) ? Verdict::need_more
                                                                                     : Verdict::no;
            }
            if (in_part_ == method_.size() || !is_token_char(c)) {
                return Verdict::no;
            }
            method_[in_part_++] = c;
            return Verdict::need_more;
        case Part::target:
            if (c == ' ' && in_part_ > 0) {
                part_ = Part::version;
                in_part_ = 0;
                return Verdict::need_more;
            }
            return (in_part_++ == 0 ? starts_target(c) : in_target(c)) ? Verdict::need_more : Verdict::no;
        case Part::version:
            return push_version(c);
        case Part::end:
            break;
    }
    if (c == '\r' && in_part_++ == 0) {
        return Verdict::need_more;
    }
    return c == '\n' ? Verdict::yes : Verdict::no;
}

Verdict StartLineMatcher::push_version(char c) {
    if (in_part_ < kVersionPrefix.size()) {
        return c == kVersionPrefix[in_part_++] ? Verdict::need_more : Verdict::no;
    }
    part_ = Part::end;
    in_part_ = 0;
    return is_digit(c) ? Verdict::need_more : Verdict::no;
}

Verdict StartLineMatcher::push_status(char c) {
    const std::size_t at = length_++;
    if (at < kVersionPrefix.size()) {
        return c == kVersionPrefix[at] ? Verdict::need_more : Verdict::no;
    }
    switch (at - kVersionPrefix.size()) {
        case 1:
            return c == ' ' ? Verdict::need_more : Verdict::no;
        case 2:
            return c >= '1' && c <= '9' ? Verdict::need_more : Verdict::no;
        case 5:
            return c == ' ' || c == '\r' || c == '\n' ? Verdict::yes : Verdict::no;
        default:
            return is_digit(c) ? Verdict::need_more : Verdict::no;
    }
}

Verdict match_start_line(StartLineMatcher::Kind kind, ByteView octets) {
    StartLineMatcher matcher(kind);
    for (const char c : octets) {
        if (const Verdict verdict = matcher.push(c); verdict != Verdict::need_more) {
            return verdict;
        }
    }
    return Verdict::need_more;
}

}  // namespace sslsniff
