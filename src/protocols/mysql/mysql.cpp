#include "protocols/mysql/mysql.h"

#include <algorithm>
#include <array>

#include "protocols/dialogue/message_detector.h"
#include "protocols/mysql/parser.h"
#include "protocols/mysql/plausible.h"

namespace sslsniff {
namespace {

using mysql::Side;

/// The server speaks first, unless this is what is inside TLS.
Verdict judge_beginning(const Evidence& evidence) {
    Verdict verdict = Verdict::no;
    for (const Direction direction : {Direction::sent, Direction::received}) {
        const ByteView said = evidence.side(direction).bytes;
        const bool alone = evidence.side(opposite(direction)).bytes.empty();
        if (!said.empty()) {
            verdict = std::max(verdict, mysql::plausible_beginning(Side::server, said));
        }
        if (!said.empty() && alone && evidence.connection.carrier == Carrier::tls) {
            verdict = std::max(verdict, mysql::plausible_beginning(Side::client, said));
        }
    }
    return verdict;
}

}  // namespace

std::unique_ptr<Detector> detect_mysql() {
    return std::make_unique<dialogue::MessageDetector<mysql::Tiling>>(judge_beginning);
}

bool may_begin_mysql(ByteView message, const ConnectionInfo& connection) {
    return connection.endpoints.transport != Transport::udp &&
           (mysql::plausible_header(Side::client, message) || mysql::plausible_header(Side::server, message));
}

std::unique_ptr<ProtocolParser> create_mysql(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<mysql::MysqlParser>(host, limits);
}

/// What it has besides sql_fields().
std::span<const FieldSpec> mysql_fields() {
    using enum FieldType;
    static constexpr auto kFields = std::to_array<FieldSpec>({
        {"request.statement_id", number},
        {"request.parameters_unknown", boolean},
        {"request.batch_size", number},
        {"request.query_attributes", text},
        {"response.statement_id", number},
        {"response.parameter_count", number},
        {"response.connection_id", number},
        {"response.last_insert_id", number},
        {"response.warnings", number},
        {"response.info", text},
        {"response.session_changes", text},
        {"response.cursor", boolean},
        {"response.local_file", text},
    });
    return kFields;
}

}  // namespace sslsniff
