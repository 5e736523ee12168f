#include "base/url.h"

#include <algorithm>
#include <charconv>

namespace sslsniff {
namespace {

std::string decode(std::string_view text, bool plus_is_space) {
    constexpr std::size_t kEscape = 3;  // "%41"
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        unsigned char byte = 0;
        const std::string_view digits = text.substr(1, kEscape - 1);
        if (text.size() >= kEscape && text.front() == '%' &&
            std::from_chars(digits.begin(), digits.end(), byte, 16).ptr == digits.end()) {
            out += static_cast<char>(byte);
            text.remove_prefix(kEscape);
        } else {
            out += plus_is_space && text.front() == '+' ? ' ' : text.front();
            text.remove_prefix(1);
        }
    }
    return out;
}

}  // namespace

std::string percent_decode(std::string_view text) {
    return decode(text, false);
}

std::string form_decode(std::string_view text) {
    return decode(text, true);
}

std::string_view path_of(std::string_view url) {
    constexpr std::string_view kAuthority = "://";
    if (const std::size_t scheme = url.find(kAuthority);
        !url.starts_with('/') && scheme != std::string_view::npos) {
        url.remove_prefix(std::min(url.find_first_of("/?#", scheme + kAuthority.size()), url.size()));
    }
    return url.substr(0, url.find_first_of("?#"));
}

}  // namespace sslsniff
