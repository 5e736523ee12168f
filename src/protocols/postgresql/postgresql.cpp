#include "protocols/postgresql/postgresql.h"

#include <algorithm>

#include "base/memory.h"
#include "protocols/framing/role_finder.h"
#include "protocols/postgresql/parser.h"
#include "protocols/postgresql/plausible.h"
#include "protocols/sql/exchange.h"

namespace sslsniff {
namespace {

using postgresql::Side;

class PostgresqlDetector final : public Detector {
  public:
    Verdict look(const Evidence& evidence) override {
        if (evidence.connection.endpoints.transport == Transport::udp) {
            return Verdict::no;
        }
        if (evidence.start == Evidence::Start::beginning) {
            return judge_beginning(evidence);
        }
        for (const Direction direction : {Direction::sent, Direction::received}) {
            const Evidence::Side& side = evidence.side(direction);
            roles_.look(direction, side.bytes.substr(side.message), side.message);
        }
        return roles_.verdict();
    }
    std::size_t foreign(Direction direction) const override { return roles_.begin(direction); }
    std::size_t held() const override { return allocated(sizeof(*this)); }

  private:
    static Verdict judge_beginning(const Evidence& evidence) {
        Verdict verdict = Verdict::no;
        for (const Direction direction : {Direction::sent, Direction::received}) {
            const ByteView said = evidence.side(direction).bytes;
            if (!said.empty()) {
                verdict = std::max(verdict, postgresql::plausible_beginning(Side::client, said));
            }
        }
        return verdict;
    }

    framing::RoleFinder<postgresql::Tiling> roles_;
};

}  // namespace

std::unique_ptr<Detector> detect_postgresql() {
    return std::make_unique<PostgresqlDetector>();
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
