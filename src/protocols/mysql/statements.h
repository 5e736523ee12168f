#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "protocols/mysql/login.h"
#include "protocols/mysql/values.h"
#include "protocols/pairing/held_total.h"
#include "protocols/sql/exchange.h"

namespace sslsniff::mysql {

/// What the server keeps of one COM_STMT_PREPARE.
struct Prepared {
    sql::StatementPointer statement;                ///< null: it passed before the capture began
    std::optional<std::uint16_t> parameters;        ///< how many; nothing: not known
    std::vector<Type> types;                        ///< those of the latest execution that gave them
    std::shared_ptr<const sql::Columns> columns;    ///< of its rows; null: not known
    std::map<std::uint16_t, sql::Value> long_data;  ///< by parameter, for the next execution
    std::size_t held = 0;                           ///< bytes of memory
};

/// The prepared statements of a session, by the number that the server gives them.
class Statements {
  public:
    static constexpr std::uint32_t kLatest = 0xFFFFFFFF;  ///< MariaDB: what was prepared last

    Prepared& define(std::uint32_t id, Prepared prepared);
    /// Null when it is not known.
    Prepared* find(std::uint32_t id);
    /// One that is not known yet, too.
    Prepared& at(std::uint32_t id);
    void close(std::uint32_t id);
    void clear();
    void measure(Prepared& prepared);

    /// Bytes of memory outside of itself, about.
    std::size_t held() const { return total_.bytes(); }

  private:
    std::unordered_map<std::uint32_t, Prepared> statements_;
    pairing::HeldTotal total_;
    std::uint32_t latest_ = kLatest;
};

/// COM_STMT_EXECUTE and COM_STMT_BULK_EXECUTE, without the command's byte: parameters as values, as far as
/// what passed before lets them be read. `max`: bytes of values that are kept.
void read_execute(ByteView body, Prepared& prepared, const Capabilities& capabilities, std::size_t max,
                  sql::SqlExchange::Request& request);
void read_bulk_execute(ByteView body, Prepared& prepared, std::size_t max,
                       sql::SqlExchange::Request& request);

/// COM_QUERY without the command's byte: takes the attributes from its front (CLIENT_QUERY_ATTRIBUTES), and
/// returns the statement.
ByteView take_query_attributes(ByteView body, const Capabilities& capabilities, std::size_t max,
                               sql::SqlExchange::Request& request);

}  // namespace sslsniff::mysql
