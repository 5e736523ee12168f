#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/time.h"
#include "protocols/postgresql/prepared.h"
#include "protocols/postgresql/requests.h"
#include "protocols/sql/exchange.h"

namespace sslsniff::postgresql {

/// Which way the data of a COPY goes at present.
enum class Copy : std::uint8_t { none, in, out, both };

/// What a client asked and the server has not wholly answered. A unit of the extended protocol is what
/// belongs to one execution: Parse, Bind, Describe and Execute, each as far as it was sent.
struct Pending {
    enum class Type : std::uint8_t {
        encryption,  ///< SSLRequest, GSSENCRequest: answered by one byte
        startup,
        query,
        unit,
        function_call,
        sync,  ///< answered by ReadyForQuery alone; has no exchange
    };
    Type type = Type::sync;
    std::unique_ptr<sql::SqlExchange> exchange;
    Timestamp start;
    Timestamp request_end;
    std::optional<Timestamp> response_start;
    std::optional<Timestamp> end;  ///< it is answered, and waits for the state of the transaction
    std::uint64_t missing = 0;     ///< bytes
    bool certain = true;           ///< that answers are paired with it rightly

    // Of a unit: its messages as letters (Describe of a portal: d), and how many of them are answered.
    std::string steps;
    std::size_t answered = 0;
    std::shared_ptr<Prepared> parsed;  ///< what its Parse defines; null without one
    Bytes parse_name;
    bool binds = false;
    Bytes statement_name;  ///< of Bind, or of Describe
    Bytes portal_name;     ///< of Bind
    std::vector<RawValue> values;
    std::uint16_t value_count = 0;
    std::optional<std::vector<std::uint16_t>> formats;
    std::shared_ptr<Portal> bound;  ///< once the server has confirmed Bind
    Bytes executed;                 ///< the portal of Execute
    std::vector<std::pair<char, Bytes>> closed;

    // Of what is being answered.
    Copy copy = Copy::none;
    bool described = false;           ///< the present result has columns
    std::uint64_t rows = 0;           ///< of the present result
    std::size_t row_bytes = 0;        ///< kept of all rows
    std::shared_ptr<Portal> running;  ///< what Execute runs; null: not known, or not yet looked for
    bool failed = false;              ///< the server ignores what follows, up to the next Sync

    std::size_t held = 0;  ///< bytes of memory, when it was last measured
};

}  // namespace sslsniff::postgresql
