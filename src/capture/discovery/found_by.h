#pragma once

#include <cstdint>

namespace sslsniff {

/// By what it is known where a function of a TLS library is.
enum class FoundBy : std::uint8_t {
    dynamic_symbol,  ///< its name in .dynsym, by which other files are linked to it
    symbol,          ///< its name in .symtab
    go_table,        ///< its name in the table by which Go's runtime finds functions
    // What follows is inferred. What two functions fit is not used.
    operations,  ///< the library's own tables of functions
    reports,     ///< the errors that its code reports
    code,        ///< instructions, its own or those of functions that call it
};

/// By what the linker or the compiler wrote down.
constexpr bool is_certain(FoundBy way) {
    return way < FoundBy::operations;
}

}  // namespace sslsniff
