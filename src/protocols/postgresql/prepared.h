#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "protocols/pairing/held_total.h"
#include "protocols/postgresql/types.h"
#include "protocols/sql/exchange.h"

namespace sslsniff::postgresql {

/// What the server keeps of one Parse.
struct Prepared {
    sql::StatementPointer statement;              ///< null: it passed before the capture began
    std::vector<std::uint32_t> parameter_types;   ///< 0: not known
    std::shared_ptr<const sql::Columns> columns;  ///< of its rows; null: not known
    bool named = false;                           ///< a name leads to it
    std::size_t held = 0;                         ///< bytes of memory, while it does
};

/// What the server keeps of one Bind.
struct Portal {
    std::shared_ptr<Prepared> prepared;  ///< never null
    std::shared_ptr<const sql::Values> parameters;
    std::uint64_t parameter_count = 0;
    std::optional<std::vector<std::uint16_t>> formats;  ///< of its rows' columns, as Bind gives them
};

/// The statements and portals of one session, as its server knows them: changed when it confirms.
class PreparedStatements {
  public:
    void define(ByteView name, std::shared_ptr<Prepared> prepared);
    /// Null when it is not known.
    std::shared_ptr<Prepared> find(ByteView name) const;
    /// More is known of it: types, columns.
    void measure(Prepared& prepared);
    void bind(ByteView name, std::shared_ptr<Portal> portal);
    std::shared_ptr<Portal> find_portal(ByteView name) const;

    void close_statement(ByteView name);
    void close_portal(ByteView name);
    /// The transaction is over.
    void close_portals() { portals_.clear(); }
    /// DEALLOCATE ALL, DISCARD ALL; also when it is not known what became of them.
    void clear();

    /// Bytes of memory outside of itself, about.
    std::size_t held() const { return total_.bytes() + portals_.size() * sizeof(Portal); }

  private:
    std::unordered_map<Bytes, std::shared_ptr<Prepared>> statements_;
    std::unordered_map<Bytes, std::shared_ptr<Portal>> portals_;
    pairing::HeldTotal total_;  ///< of the statements
};

}  // namespace sslsniff::postgresql
