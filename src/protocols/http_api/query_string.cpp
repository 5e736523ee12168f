#include "protocols/http_api/query_string.h"

#include <algorithm>
#include <charconv>

namespace sslsniff {
namespace {

std::string decoded(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        unsigned char byte = 0;
        const char* digits = text.data() + 1;
        if (text.front() == '%' && text.size() >= 3 &&
            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            result += static_cast<char>(byte);
            text.remove_prefix(3);
            continue;
        }
        result += text.front() == '+' ? ' ' : text.front();
        text.remove_prefix(1);
    }
    return result;
}

/// What stands behind "name=" or "name", not decoded.
std::optional<std::string_view> find(std::string_view target, std::string_view name) {
    const std::size_t question = target.find('?');
    std::string_view query = target.substr(question == std::string_view::npos ? target.size() : question + 1);
    query = query.substr(0, query.find('#'));
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (const std::size_t equals = std::min(pair.find('='), pair.size());
            pair.substr(0, equals) == name) {
            return pair.substr(std::min(equals + 1, pair.size()));
        }
    }
    return std::nullopt;
}

}  // namespace

std::string_view path_of(std::string_view target) {
    if (const std::size_t scheme = target.find("://");
        !target.starts_with('/') && scheme != std::string_view::npos) {
        target.remove_prefix(std::min(target.find('/', scheme + 3), target.size()));
    }
    return target.substr(0, target.find_first_of("?#"));
}

std::optional<std::string> query_value(std::string_view target, std::string_view name) {
    const std::optional<std::string_view> value = find(target, name);
    return value ? std::optional(decoded(*value)) : std::nullopt;
}

bool has_query(std::string_view target, std::string_view name) {
    return find(target, name).has_value();
}

}  // namespace sslsniff
