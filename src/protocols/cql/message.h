#pragma once

#include <memory>
#include <string>

#include "protocols/cql/envelope.h"
#include "protocols/cql/prepared.h"
#include "protocols/sql/exchange.h"

namespace sslsniff::cql {

/// An envelope whose body can be read, as far as it is there.
struct Envelope {
    EnvelopeHeader header;
    ByteView body;            ///< decompressed
    std::uint64_t bytes = 0;  ///< of all of it, as it passed
    bool is_readable = true;  ///< the body could be decompressed
    bool is_whole = true;
};

struct DescribeLimits {
    std::size_t max_body = 0;  ///< bytes of rows and parameters that are kept
    bool show_secrets = false;
};

/// What the answer needs to know of its request.
struct Asked {
    Opcode opcode = Opcode::options;
    sql::StatementPointer statement{};
    std::shared_ptr<const sql::Columns> results{};  ///< of rows whose answer has no metadata
};

/// "query", "execute" ...: of static storage.
std::string_view kind_of(Opcode opcode);

/// Writes a request. False when it makes no sense.
bool describe_request(const Envelope& envelope, const Prepared& prepared, const DescribeLimits& limits,
                      sql::SqlExchange& exchange, Asked& asked);
/// Writes an answer, or an event. What it prepares is remembered.
bool describe_response(const Envelope& envelope, const Asked& asked, const DescribeLimits& limits,
                       Prepared& prepared, sql::SqlExchange& exchange);

}  // namespace sslsniff::cql
