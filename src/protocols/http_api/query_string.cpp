#include "protocols/http_api/query_string.h"

#include <algorithm>

#include "base/url.h"

namespace sslsniff {
namespace {

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

std::optional<std::string> query_value(std::string_view target, std::string_view name) {
    const std::optional<std::string_view> value = find(target, name);
    return value ? std::optional(form_decode(*value)) : std::nullopt;
}

bool has_query(std::string_view target, std::string_view name) {
    return find(target, name).has_value();
}

}  // namespace sslsniff
