#include "protocols/amqp/method.h"

#include <algorithm>
#include <array>

namespace sslsniff::amqp {
namespace {

using enum ArgumentType;
using From = Method::From;

constexpr std::array<Argument, 5> kStart{{{octet, "version_major"},
                                          {octet, "version_minor"},
                                          {table, "server_properties"},
                                          {long_string, "mechanisms"},
                                          {long_string, "locales"}}};
constexpr std::array<Argument, 4> kStartOk{{{table, "client_properties"},
                                            {short_string, "mechanism"},
                                            {long_string, "response", true},
                                            {short_string, "locale"}}};
constexpr std::array<Argument, 1> kChallenge{{{long_string, "challenge", true}}};
constexpr std::array<Argument, 1> kSecureOk{{{long_string, "response", true}}};
constexpr std::array<Argument, 3> kTune{
    {{short_int, "channel_max"}, {long_int, "frame_max_bytes"}, {short_int, "heartbeat_s"}}};
constexpr std::array<Argument, 3> kConnectionOpen{
    {{short_string, "virtual_host"}, {short_string, ""}, {bit, ""}}};
constexpr std::array<Argument, 1> kShortReserved{{{short_string, ""}}};
constexpr std::array<Argument, 1> kLongReserved{{{long_string, ""}}};
constexpr std::array<Argument, 4> kClose{{{short_int, "reply_code"},
                                          {short_string, "reply_text"},
                                          {short_int, "class_id"},
                                          {short_int, "method_id"}}};
constexpr std::array<Argument, 1> kBlocked{{{short_string, "reason"}}};
constexpr std::array<Argument, 2> kUpdateSecret{
    {{long_string, "new_secret", true}, {short_string, "reason"}}};
constexpr std::array<Argument, 1> kFlow{{{bit, "active"}}};
constexpr std::array<Argument, 9> kExchangeDeclare{{{short_int, ""},
                                                    {short_string, "exchange"},
                                                    {short_string, "type"},
                                                    {bit, "passive"},
                                                    {bit, "durable"},
                                                    {bit, "auto_delete"},
                                                    {bit, "internal"},
                                                    {bit, "no_wait"},
                                                    {table, "arguments"}}};
constexpr std::array<Argument, 4> kExchangeDelete{
    {{short_int, ""}, {short_string, "exchange"}, {bit, "if_unused"}, {bit, "no_wait"}}};
constexpr std::array<Argument, 6> kExchangeBind{{{short_int, ""},
                                                 {short_string, "destination"},
                                                 {short_string, "source"},
                                                 {short_string, "routing_key"},
                                                 {bit, "no_wait"},
                                                 {table, "arguments"}}};
constexpr std::array<Argument, 8> kQueueDeclare{{{short_int, ""},
                                                 {short_string, "queue"},
                                                 {bit, "passive"},
                                                 {bit, "durable"},
                                                 {bit, "exclusive"},
                                                 {bit, "auto_delete"},
                                                 {bit, "no_wait"},
                                                 {table, "arguments"}}};
constexpr std::array<Argument, 3> kQueueDeclareOk{
    {{short_string, "queue"}, {long_int, "message_count"}, {long_int, "consumer_count"}}};
constexpr std::array<Argument, 6> kQueueBind{{{short_int, ""},
                                              {short_string, "queue"},
                                              {short_string, "exchange"},
                                              {short_string, "routing_key"},
                                              {bit, "no_wait"},
                                              {table, "arguments"}}};
constexpr std::array<Argument, 5> kQueueUnbind{{{short_int, ""},
                                                {short_string, "queue"},
                                                {short_string, "exchange"},
                                                {short_string, "routing_key"},
                                                {table, "arguments"}}};
constexpr std::array<Argument, 3> kQueuePurge{{{short_int, ""}, {short_string, "queue"}, {bit, "no_wait"}}};
constexpr std::array<Argument, 5> kQueueDelete{
    {{short_int, ""}, {short_string, "queue"}, {bit, "if_unused"}, {bit, "if_empty"}, {bit, "no_wait"}}};
constexpr std::array<Argument, 1> kMessageCount{{{long_int, "message_count"}}};
constexpr std::array<Argument, 3> kQos{
    {{long_int, "prefetch_size_bytes"}, {short_int, "prefetch_count"}, {bit, "global"}}};
constexpr std::array<Argument, 8> kConsume{{{short_int, ""},
                                            {short_string, "queue"},
                                            {short_string, "consumer_tag"},
                                            {bit, "no_local"},
                                            {bit, "no_ack"},
                                            {bit, "exclusive"},
                                            {bit, "no_wait"},
                                            {table, "arguments"}}};
constexpr std::array<Argument, 1> kConsumerTag{{{short_string, "consumer_tag"}}};
constexpr std::array<Argument, 2> kCancel{{{short_string, "consumer_tag"}, {bit, "no_wait"}}};
constexpr std::array<Argument, 5> kPublish{{{short_int, ""},
                                            {short_string, "exchange"},
                                            {short_string, "routing_key"},
                                            {bit, "mandatory"},
                                            {bit, "immediate"}}};
constexpr std::array<Argument, 4> kReturn{{{short_int, "reply_code"},
                                           {short_string, "reply_text"},
                                           {short_string, "exchange"},
                                           {short_string, "routing_key"}}};
constexpr std::array<Argument, 5> kDeliver{{{short_string, "consumer_tag"},
                                            {longlong_int, "delivery_tag"},
                                            {bit, "redelivered"},
                                            {short_string, "exchange"},
                                            {short_string, "routing_key"}}};
constexpr std::array<Argument, 3> kGet{{{short_int, ""}, {short_string, "queue"}, {bit, "no_ack"}}};
constexpr std::array<Argument, 5> kGetOk{{{longlong_int, "delivery_tag"},
                                          {bit, "redelivered"},
                                          {short_string, "exchange"},
                                          {short_string, "routing_key"},
                                          {long_int, "message_count"}}};
constexpr std::array<Argument, 2> kAck{{{longlong_int, "delivery_tag"}, {bit, "multiple"}}};
constexpr std::array<Argument, 2> kReject{{{longlong_int, "delivery_tag"}, {bit, "requeue"}}};
constexpr std::array<Argument, 1> kRecover{{{bit, "requeue"}}};
constexpr std::array<Argument, 3> kNack{
    {{longlong_int, "delivery_tag"}, {bit, "multiple"}, {bit, "requeue"}}};
constexpr std::array<Argument, 1> kSelect{{{bit, "no_wait"}}};

/// By class and number.
constexpr auto kMethods = std::to_array<Method>({
    {10, 10, "connection.start", From::server, 0, kStart},
    {10, 11, "connection.start-ok", From::client, 30, kStartOk},
    {10, 20, "connection.secure", From::server, 0, kChallenge},
    {10, 21, "connection.secure-ok", From::client, 30, kSecureOk},
    {10, 30, "connection.tune", From::server, 0, kTune},
    {10, 31, "connection.tune-ok", From::client, 0, kTune},
    {10, 40, "connection.open", From::client, 41, kConnectionOpen},
    {10, 41, "connection.open-ok", From::server, 0, kShortReserved},
    {10, 50, "connection.close", From::both, 51, kClose},
    {10, 51, "connection.close-ok", From::both, 0, {}},
    {10, 60, "connection.blocked", From::server, 0, kBlocked},
    {10, 61, "connection.unblocked", From::server, 0, {}},
    {10, 70, "connection.update-secret", From::client, 71, kUpdateSecret},
    {10, 71, "connection.update-secret-ok", From::server, 0, {}},
    {20, 10, "channel.open", From::client, 11, kShortReserved},
    {20, 11, "channel.open-ok", From::server, 0, kLongReserved},
    {20, 20, "channel.flow", From::both, 21, kFlow},
    {20, 21, "channel.flow-ok", From::both, 0, kFlow},
    {20, 40, "channel.close", From::both, 41, kClose},
    {20, 41, "channel.close-ok", From::both, 0, {}},
    {40, 10, "exchange.declare", From::client, 11, kExchangeDeclare},
    {40, 11, "exchange.declare-ok", From::server, 0, {}},
    {40, 20, "exchange.delete", From::client, 21, kExchangeDelete},
    {40, 21, "exchange.delete-ok", From::server, 0, {}},
    {40, 30, "exchange.bind", From::client, 31, kExchangeBind},
    {40, 31, "exchange.bind-ok", From::server, 0, {}},
    {40, 40, "exchange.unbind", From::client, 51, kExchangeBind},
    {40, 51, "exchange.unbind-ok", From::server, 0, {}},
    {50, 10, "queue.declare", From::client, 11, kQueueDeclare},
    {50, 11, "queue.declare-ok", From::server, 0, kQueueDeclareOk},
    {50, 20, "queue.bind", From::client, 21, kQueueBind},
    {50, 21, "queue.bind-ok", From::server, 0, {}},
    {50, 30, "queue.purge", From::client, 31, kQueuePurge},
    {50, 31, "queue.purge-ok", From::server, 0, kMessageCount},
    {50, 40, "queue.delete", From::client, 41, kQueueDelete},
    {50, 41, "queue.delete-ok", From::server, 0, kMessageCount},
    {50, 50, "queue.unbind", From::client, 51, kQueueUnbind},
    {50, 51, "queue.unbind-ok", From::server, 0, {}},
    {60, 10, "basic.qos", From::client, 11, kQos},
    {60, 11, "basic.qos-ok", From::server, 0, {}},
    {60, 20, "basic.consume", From::client, 21, kConsume},
    {60, 21, "basic.consume-ok", From::server, 0, kConsumerTag},
    {60, 30, "basic.cancel", From::both, 31, kCancel},
    {60, 31, "basic.cancel-ok", From::both, 0, kConsumerTag},
    {60, 40, "basic.publish", From::client, 0, kPublish, true},
    {60, 50, "basic.return", From::server, 0, kReturn, true},
    {60, 60, "basic.deliver", From::server, 0, kDeliver, true},
    {60, 70, "basic.get", From::client, 71, kGet},
    {60, 71, "basic.get-ok", From::server, 0, kGetOk, true},
    {60, 72, "basic.get-empty", From::server, 0, kShortReserved},
    {60, 80, "basic.ack", From::both, 0, kAck},
    {60, 90, "basic.reject", From::client, 0, kReject},
    {60, 100, "basic.recover-async", From::client, 0, kRecover},
    {60, 110, "basic.recover", From::client, 111, kRecover},
    {60, 111, "basic.recover-ok", From::server, 0, {}},
    {60, 120, "basic.nack", From::both, 0, kNack},
    {85, 10, "confirm.select", From::client, 11, kSelect},
    {85, 11, "confirm.select-ok", From::server, 0, {}},
    {90, 10, "tx.select", From::client, 11, {}},
    {90, 11, "tx.select-ok", From::server, 0, {}},
    {90, 20, "tx.commit", From::client, 21, {}},
    {90, 21, "tx.commit-ok", From::server, 0, {}},
    {90, 30, "tx.rollback", From::client, 31, {}},
    {90, 31, "tx.rollback-ok", From::server, 0, {}},
});
static_assert(std::ranges::is_sorted(kMethods, {}, [](const Method& method) {
    return std::uint32_t{method.class_id} << 16U | method.method_id;
}));

}  // namespace

const Method* find_method(std::uint16_t class_id, std::uint16_t method_id) {
    const auto id = static_cast<MethodId>(std::uint32_t{class_id} << 16U | method_id);
    const auto* const found = std::ranges::lower_bound(kMethods, id, {}, &Method::id);
    return found != kMethods.end() && found->id() == id ? found : nullptr;
}

bool is_answer(const Method& method) {
    return std::ranges::any_of(kMethods, [&](const Method& other) { return other.is_answered_by(method); });
}

}  // namespace sslsniff::amqp
