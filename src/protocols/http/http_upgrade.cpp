#include "protocols/http/http_upgrade.h"

namespace sslsniff {

std::unique_ptr<ProtocolParser> create_upgraded(ParserHost& host, const ParserLimits& limits,
                                                const HttpSwitch& turn) {
    for (const auto& upgrade : http_upgrades()) {
        if (turn.response.headers.has_token("Upgrade", upgrade.token)) {
            return upgrade.create(host, limits, turn);
        }
    }
    return nullptr;
}

}  // namespace sslsniff
