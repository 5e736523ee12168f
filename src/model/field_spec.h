#pragma once

#include <cstdint>
#include <string_view>

namespace sslsniff {

/// Decides which operators and literals of --where a field takes.
enum class FieldType : std::uint8_t { number, size, duration, text, boolean, address };

/// A field of --where: as Exchange::write_fields writes it, without units in its name.
struct FieldSpec {
    std::string_view path;  ///< "request.method"; ending in ".*" it takes any name of a header field there
    FieldType type = FieldType::text;
    std::string_view short_name = {};  ///< unique among all protocols, as is the path
};

}  // namespace sslsniff
