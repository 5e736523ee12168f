#include "protocols/postgresql/postgresql.h"

#include <algorithm>

#include "protocols/dialogue/message_detector.h"
#include "protocols/postgresql/parser.h"
#include "protocols/postgresql/plausible.h"
#include "protocols/sql/exchange.h"

namespace sslsniff {
namespace {

using postgresql::Side;

/// The client speaks first.
Verdict judge_beginning(const Evidence& evidence) {
    Verdict verdict = Verdict::no;
    for (const Direction direction : {Direction::sent, Direction::received}) {
        const ByteView said = evidence.side(direction).bytes;
        if (!said.empty()) {
            verdict = std::max(verdict, postgresql::plausible_beginning(Side::client, said));
        }
    }
    return verdict;
}

}  // namespace

std::unique_ptr<Detector> detect_postgresql() {
    return std::make_unique<dialogue::MessageDetector<postgresql::Tiling>>(judge_beginning);
}

bool may_begin_postgresql(ByteView message, const ConnectionInfo& connection) {
    return connection.endpoints.transport != Transport::udp &&
           (postgresql::plausible_header(Side::client, message) ||
            postgresql::plausible_header(Side::server, message));
}

std::unique_ptr<ProtocolParser> create_postgresql(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<postgresql::PostgresqlParser>(host, limits);
}

std::span<const FieldSpec> postgresql_fields() {
    return sql::sql_fields();
}

}  // namespace sslsniff
