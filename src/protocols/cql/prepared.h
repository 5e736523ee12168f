#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "protocols/sql/exchange.h"

namespace sslsniff::cql {

struct PreparedStatement {
    sql::StatementPointer statement;
    std::shared_ptr<const sql::Columns> markers;  ///< null: not known
    std::shared_ptr<const sql::Columns> results;  ///< of rows without metadata; null: not known
};

/// What was prepared on a connection, by the server's id. Bounded: the oldest ones are forgotten.
class Prepared {
  public:
    void add(ByteView id, PreparedStatement statement);
    /// Null when it was prepared unseen.
    const PreparedStatement* find(ByteView id) const;
    /// Bytes of memory outside of itself.
    std::size_t held() const { return held_; }

  private:
    struct Entry {
        std::string id;
        PreparedStatement statement;
        std::size_t size;
    };
    void forget(std::list<Entry>::iterator entry);

    std::list<Entry> entries_;
    std::unordered_map<std::string, std::list<Entry>::iterator> by_id_;
    std::size_t held_ = 0;
};

}  // namespace sslsniff::cql
