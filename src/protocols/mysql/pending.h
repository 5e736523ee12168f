#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "model/time.h"
#include "protocols/mysql/packet.h"
#include "protocols/sql/exchange.h"

namespace sslsniff::mysql {

/// How far the answer to a command has come.
enum class Stage : std::uint8_t {
    first,           ///< a result begins
    columns,         ///< definitions of columns
    behind_columns,  ///< an EOF, or the first row
    rows,
    parameters,  ///< of COM_STMT_PREPARE: definitions of parameters, and then of columns
    local_file,  ///< LOAD DATA LOCAL: the client sends it
    binlog,      ///< events, until the connection ends
};

/// What a client asked and the server has not wholly answered.
struct Pending {
    bool login = false;  ///< the first one, which is no command
    Command command = Command::query;
    std::unique_ptr<sql::SqlExchange> exchange;
    Bytes body;  ///< of an execution: read when the server has answered what came before
    std::uint32_t statement_id = 0;
    std::uint8_t next_number = 1;  ///< of the first packet of its answer
    Timestamp start;
    Timestamp request_end;
    std::optional<Timestamp> response_start;
    std::optional<Timestamp> end;
    std::uint64_t missing = 0;  ///< bytes
    bool certain = true;        ///< that answers are paired with it rightly
    bool resolved = false;      ///< `body` was read

    // Of what is being answered.
    Stage stage = Stage::first;
    std::uint64_t left = 0;                 ///< definitions that are due
    std::uint64_t columns_left = 0;         ///< behind those of parameters
    bool eof_due = false;                   ///< definitions ended, and an EOF may follow
    std::shared_ptr<sql::Columns> columns;  ///< that come
    std::uint64_t rows = 0;                 ///< of the present result
    std::size_t row_bytes = 0;              ///< kept of all rows

    std::size_t held = 0;  ///< bytes of memory, when it was last measured
};

}  // namespace sslsniff::mysql
