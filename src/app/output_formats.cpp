#include "app/output_formats.h"

#include <algorithm>
#include <array>

namespace sslsniff {
namespace {

constexpr std::array<OutputFormat, 3> kFormats{{
    {"text", nullptr, nullptr},
    {"json", nullptr, nullptr},
    {"trace", nullptr, nullptr},
}};

}  // namespace

std::span<const OutputFormat> output_formats() {
    return kFormats;
}

const OutputFormat* find_output_format(std::string_view name) {
    const auto* found = std::ranges::find(kFormats, name, &OutputFormat::name);
    return found != kFormats.end() ? found : nullptr;
}

std::string output_format_names() {
    std::string names;
    for (const auto& format : kFormats) {
        names += (names.empty() ? "" : ", ") + std::string(format.name);
    }
    return names;
}

}  // namespace sslsniff
