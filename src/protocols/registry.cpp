// Every protocol that is understood: one row each. Order matters where two could claim the same bytes: the
// most specific first.

#include <array>

#include "protocols/dns/dns.h"
#include "protocols/http/http_upgrade.h"
#include "protocols/http1/http1_parser.h"
#include "protocols/http2/http2_parser.h"
#include "protocols/preamble/preamble.h"
#include "protocols/protocol.h"
#include "protocols/redis/redis.h"
#include "protocols/websocket/websocket_stream.h"

namespace sslsniff {
namespace {

constexpr std::array<Protocol, 6> kProtocols{{
    {"proxy", detect_preamble, may_begin_preamble, create_preamble},
    {"h2", detect_http2, may_begin_http2, create_http2},
    {"grpc", detect_grpc, may_begin_grpc, create_grpc},
    {"redis", detect_redis, may_begin_redis, create_redis},
    {"dns", detect_dns, may_begin_dns, create_dns},
    {"http/1", detect_http1, may_begin_http1, create_http1},
}};

static_assert(kProtocols.size() <= 32, "the search for a protocol keeps rows as bits of 32");

constexpr std::array<HttpUpgrade, 2> kUpgrades{{
    {"websocket", create_websocket_upgraded},
    {"h2c", create_http2_upgraded},
}};

}  // namespace

std::span<const Protocol> protocols() {
    return kProtocols;
}

std::span<const HttpUpgrade> http_upgrades() {
    return kUpgrades;
}

}  // namespace sslsniff
