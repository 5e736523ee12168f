#include "engine/protocol_hints.h"

#include <string>
#include <utility>

#include "protocols/protocol.h"

namespace sslsniff {
namespace {

std::string guess_protocol(const std::vector<DecodeAs>& rules, const ConnectionInfo& connection,
                           ByteView sent, ByteView received) {
    if (const Protocol* forced = find_decode_as(rules, connection.endpoints)) {
        return std::string(forced->name);
    }
    const auto start = connection.midstream ? Evidence::Start::anywhere : Evidence::Start::beginning;
    const Evidence evidence{connection, start, {Evidence::Side{sent}, Evidence::Side{received}}};
    for (const Protocol& protocol : protocols()) {
        if (protocol.detect()->look(evidence) == Verdict::yes) {
            return std::string(protocol.name);
        }
    }
    return {};
}

}  // namespace

ProtocolGuess protocol_guess(std::vector<DecodeAs> rules) {
    return [rules = std::move(rules)](const ConnectionInfo& connection, ByteView sent, ByteView received) {
        return guess_protocol(rules, connection, sent, received);
    };
}

std::unique_ptr<StreamContext> make_stream_context(std::string_view protocol, Direction client,
                                                   bool from_start) {
    const Protocol* row = find_protocol(protocol);
    return row != nullptr && row->dissector != nullptr && row->dissector().make_context != nullptr
               ? row->dissector().make_context(client, from_start)
               : nullptr;
}

}  // namespace sslsniff
