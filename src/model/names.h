#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace sslsniff {

/// Names of an enumeration's values, for both directions of conversion.
template <class Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

template <class Enum, std::size_t N>
constexpr std::string_view name_of(const Names<Enum, N>& names, Enum value) {
    const auto* found = std::ranges::find(names, value, &std::pair<Enum, std::string_view>::first);
    return found != names.end() ? found->second : std::string_view("?");
}

template <class Enum, std::size_t N>
constexpr std::optional<Enum> value_of(const Names<Enum, N>& names, std::string_view name) {
    const auto* found = std::ranges::find(names, name, &std::pair<Enum, std::string_view>::second);
    return found != names.end() ? std::optional(found->first) : std::nullopt;
}

}  // namespace sslsniff
