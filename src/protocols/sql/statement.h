#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/memory.h"

namespace sslsniff::sql {

/// The text of a statement, shared by all of its executions.
struct Statement {
    Bytes text;                   ///< as far as it is kept, secrets overwritten
    std::uint64_t size = 0;       ///< bytes that passed
    bool secrets_hidden = false;  ///< `text` has *** in place of a password

    bool is_cut() const { return cut; }
    bool cut = false;  ///< more passed than is kept
    /// Bytes of memory, itself included.
    std::size_t held() const { return allocated(sizeof(*this) + 2 * sizeof(long)) + heap_bytes(text); }
};
using StatementPointer = std::shared_ptr<const Statement>;

/// Keeps the first `max` of `size` bytes, of which `text` has the first.
StatementPointer make_statement(ByteView text, std::uint64_t size, std::size_t max, bool show_secrets);

/// What it does, in capitals: "SELECT", also behind WITH; empty when it does not begin with a word.
std::string operation_of(ByteView text);
/// The table that it is about, as far as that can be told at a glance: "shop.orders"; else empty.
std::string target_of(ByteView text);

/// Overwrites the passwords in a statement: literals behind PASSWORD and IDENTIFIED BY, and what connection
/// strings in literals have as password. True when there were any.
bool hide_secrets(Bytes& text);

}  // namespace sslsniff::sql
