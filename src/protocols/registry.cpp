// Every protocol that is understood: one row each, and so for what HTTP turns into or carries. Order matters
// where two could claim the same bytes: the most specific first.

#include <algorithm>
#include <array>

#include "protocols/amqp/amqp.h"
#include "protocols/cql/cql.h"
#include "protocols/dns/dns.h"
#include "protocols/dubbo/dubbo.h"
#include "protocols/grpc/grpc_call.h"
#include "protocols/http/fields.h"
#include "protocols/http/http_application.h"
#include "protocols/http/http_upgrade.h"
#include "protocols/http1/http1.h"
#include "protocols/http2/http2_parser.h"
#include "protocols/http_api/http_api.h"
#include "protocols/imap/imap.h"
#include "protocols/kafka/kafka.h"
#include "protocols/memcached/memcached.h"
#include "protocols/mongodb/mongodb.h"
#include "protocols/mqtt/mqtt.h"
#include "protocols/mysql/mysql.h"
#include "protocols/nats/nats.h"
#include "protocols/postgresql/postgresql.h"
#include "protocols/preamble/preamble.h"
#include "protocols/protocol.h"
#include "protocols/redis/redis.h"
#include "protocols/smtp/smtp.h"
#include "protocols/sse/sse_stream.h"
#include "protocols/stream_message.h"
#include "protocols/thrift/thrift.h"
#include "protocols/websocket/websocket_stream.h"

namespace sslsniff {
namespace {

constexpr auto kProtocols = std::to_array<Protocol>({
    {.name = "proxy", .detect = detect_preamble, .may_begin = may_begin_preamble, .create = create_preamble},
    {.name = "h2",
     .detect = detect_http2,
     .may_begin = may_begin_http2,
     .create = create_http2,
     .fields = http2_fields,
     .dissector = http2_dissector},
    {.name = "grpc",
     .detect = detect_grpc,
     .may_begin = may_begin_grpc,
     .create = create_grpc,
     .dissector = grpc_dissector},
    {.name = "postgresql",
     .detect = detect_postgresql,
     .may_begin = may_begin_postgresql,
     .create = create_postgresql,
     .fields = postgresql_fields,
     .dissector = postgresql_dissector},
    {.name = "mysql",
     .detect = detect_mysql,
     .may_begin = may_begin_mysql,
     .create = create_mysql,
     .fields = mysql_fields,
     .dissector = mysql_dissector},
    {.name = "redis",
     .detect = detect_redis,
     .may_begin = may_begin_redis,
     .create = create_redis,
     .fields = redis_fields,
     .dissector = redis_dissector},
    {.name = "mongodb",
     .detect = detect_mongodb,
     .may_begin = may_begin_mongodb,
     .create = create_mongodb,
     .fields = mongodb_fields,
     .dissector = mongodb_dissector},
    {.name = "kafka",
     .detect = detect_kafka,
     .may_begin = may_begin_kafka,
     .create = create_kafka,
     .fields = kafka_fields,
     .dissector = kafka_dissector},
    {.name = "amqp",
     .detect = detect_amqp,
     .may_begin = may_begin_amqp,
     .create = create_amqp,
     .fields = amqp_fields,
     .dissector = amqp_dissector},
    {.name = "nats",
     .detect = detect_nats,
     .may_begin = may_begin_nats,
     .create = create_nats,
     .fields = nats_fields},
    {.name = "memcached",
     .detect = detect_memcached,
     .may_begin = may_begin_memcached,
     .create = create_memcached,
     .fields = memcached_fields,
     .dissector = memcached_dissector},
    {.name = "smtp",
     .detect = detect_smtp,
     .may_begin = may_begin_smtp,
     .create = create_smtp,
     .fields = smtp_fields,
     .dissector = smtp_dissector},
    {.name = "imap",
     .detect = detect_imap,
     .may_begin = may_begin_imap,
     .create = create_imap,
     .fields = imap_fields,
     .dissector = imap_dissector},
    {.name = "cql",
     .detect = detect_cql,
     .may_begin = may_begin_cql,
     .create = create_cql,
     .fields = cql_fields,
     .dissector = cql_dissector},
    {.name = "dubbo",
     .detect = detect_dubbo,
     .may_begin = may_begin_dubbo,
     .create = create_dubbo,
     .fields = dubbo_fields},
    {.name = "thrift",
     .detect = detect_thrift,
     .may_begin = may_begin_thrift,
     .create = create_thrift,
     .fields = thrift_fields,
     .dissector = thrift_dissector},
    {.name = "dns",
     .detect = detect_dns,
     .may_begin = may_begin_dns,
     .create = create_dns,
     .fields = dns_fields,
     .dissector = dns_dissector},
    {.name = "mqtt",
     .detect = detect_mqtt,
     .may_begin = may_begin_mqtt,
     .create = create_mqtt,
     .fields = mqtt_fields,
     .dissector = mqtt_dissector},
    {.name = "http/1",
     .detect = detect_http1,
     .may_begin = may_begin_http1,
     .create = create_http1,
     .fields = http_fields,
     .dissector = http1_dissector},
});

static_assert(kProtocols.size() <= 32, "the search for a protocol keeps rows as bits of 32");

constexpr std::array<HttpUpgrade, 2> kUpgrades{{
    {"websocket", create_websocket_upgraded},
    {"h2c", create_http2_upgraded},
}};

constexpr std::array<HttpApplicationRow, 4> kApplications{{
    {.create = create_grpc_call, .fields = grpc_fields},
    {.create = create_websocket_stream},
    {.create = create_api_call, .fields = http_api_fields},
    {.create = create_sse_stream},
}};

}  // namespace

std::span<const Protocol> protocols() {
    return kProtocols;
}

const Protocol* find_protocol(std::string_view name) {
    const auto* found = std::ranges::find(kProtocols, name, &Protocol::name);
    return found != kProtocols.end() ? found : nullptr;
}

std::vector<std::span<const FieldSpec>> protocol_fields() {
    std::vector<std::span<const FieldSpec>> all;
    for (const Protocol& protocol : kProtocols) {
        if (protocol.fields != nullptr) {
            all.push_back(protocol.fields());
        }
    }
    for (const HttpApplicationRow& application : kApplications) {
        if (application.fields != nullptr) {
            all.push_back(application.fields());
        }
    }
    all.push_back(message_fields());
    return all;
}

std::vector<const DissectorTraits*> protocol_dissectors() {
    std::vector<const DissectorTraits*> all;
    for (const Protocol& protocol : kProtocols) {
        if (protocol.dissector != nullptr) {
            all.push_back(&protocol.dissector());
        }
    }
    return all;
}

std::span<const HttpUpgrade> http_upgrades() {
    return kUpgrades;
}

std::span<const HttpApplicationRow> http_applications() {
    return kApplications;
}

}  // namespace sslsniff
