#include "protocols/http/http_upgrade.h"

namespace sslsniff {

std::unique_ptr<ProtocolParser> create_upgraded(ParserHost& host, const ParserLimits& limits,
                                                const HttpRequest& request, const HttpResponse& response) {
    for (const auto& upgrade : http_upgrades()) {
        if (response.headers.has_token("Upgrade", upgrade.token)) {
            return upgrade.create(host, limits, request, response);
        }
    }
    return nullptr;
}

}  // namespace sslsniff
