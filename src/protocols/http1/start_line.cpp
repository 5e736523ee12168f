#include "protocols/http1/start_line.h"

#include <llhttp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "protocols/http/token.h"

namespace sslsniff::http1 {
namespace {

constexpr ByteView kVersionPrefix = "HTTP/1.";

constexpr std::array kMethods = std::to_array<ByteView>({
#define SSLSNIFF_METHOD(number, name, text) #text,
    HTTP_METHOD_MAP(SSLSNIFF_METHOD)
#undef SSLSNIFF_METHOD
    // draft-ietf-httpbis-safe-method-w-body; [MS-RPCH], [MC-BUP], Configuration Manager, Exchange's WebDAV
    "QUERY",
    "RPC_IN_DATA", "RPC_OUT_DATA", "RPC_CONNECT", "BITS_POST", "CCM_POST", "SMS_POST", "BCOPY", "BDELETE",
    "BMOVE", "BPROPFIND", "BPROPPATCH", "POLL", "X-MS-ENUMATTS",
    // RFC 3253, RFC 3648, RFC 4437, RFC 2068
    "VERSION-CONTROL", "CHECKIN", "UNCHECKOUT", "MKWORKSPACE", "UPDATE", "LABEL", "BASELINE-CONTROL",
    "ORDERPATCH", "MKREDIRECTREF", "UPDATEREDIRECTREF",
    // caches
    "BAN", "REFRESH"});

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// What a target may begin with: origin-form, asterisk-form, scheme or host, IPv6 literal.
constexpr bool starts_target(char c) {
    return c == '/' || c == '*' || c == '[' || is_digit(c) || is_letter(c);
}

constexpr bool in_target(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F;
}

}  // namespace

bool is_known_method(ByteView method) {
    return method != "PRI" && std::ranges::find(kMethods, method) != kMethods.end();
}

bool begins_known_method(ByteView beginning) {
    return std::ranges::any_of(kMethods, [&](ByteView method) { return method.starts_with(beginning); });
}

StartLineResemblance resembles_start_line(ByteView message) {
    using Kind = StartLineMatcher::Kind;
    constexpr std::size_t kLongestMethod = 17;
    constexpr std::size_t kMostLooked = 1024;
    constexpr ByteView kName = "HTTP/";
    message = message.substr(std::min(message.find_first_not_of("\r\n"), message.size()));
    if (message.starts_with(kName)) {
        return {Verdict::need_more, Kind::response};
    }
    const std::size_t end = message.find_first_of(" \t\r\n");
    if (end == ByteView::npos) {
        const bool possible =
            message.size() <= kLongestMethod && (begins_known_method(message) || kName.starts_with(message));
        return {possible ? Verdict::need_more : Verdict::no, Kind::request};
    }
    if (!is_known_method(message.substr(0, end))) {
        return {Verdict::no, Kind::request};
    }
    const ByteView line = message.substr(0, std::min(message.find('\n'), kMostLooked));
    const bool whole = line.size() < std::min(message.size(), kMostLooked);
    return {whole && line.find(kName) != ByteView::npos ? Verdict::yes : Verdict::need_more, Kind::request};
}

Verdict StartLineMatcher::push_request(char c) {
    if (++length_ > kMaxLine) {
        return Verdict::no;
    }
    switch (part_) {
        case Part::method:
            return push_method(c);
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

Verdict StartLineMatcher::push_method(char c) {
    if (c == ' ' && in_part_ > 0) {
        const std::size_t size = std::exchange(in_part_, 0);
        part_ = Part::target;
        const bool good =
            methods_ == Methods::any || (size <= method_.size() && is_known_method({method_.data(), size}));
        return good ? Verdict::need_more : Verdict::no;
    }
    const std::size_t longest = methods_ == Methods::any ? kMaxMethod - 1 : method_.size();
    if (in_part_ == longest || !(in_part_ == 0 ? is_letter(c) : is_token_char(c))) {
        return Verdict::no;
    }
    if (in_part_ < method_.size()) {
        method_[in_part_] = c;
    }
    ++in_part_;
    return Verdict::need_more;
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

}  // namespace sslsniff::http1
