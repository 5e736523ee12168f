#include "engine/protocol_hints.h"

#include <utility>

#include "protocols/protocol.h"

namespace sslsniff {
namespace {

const Protocol* guess_protocol(const std::vector<DecodeAs>& rules, const ConnectionInfo& connection,
                               ByteView sent, ByteView received) {
    if (const Protocol* forced = find_decode_as(rules, connection.endpoints)) {
        return forced;
    }
    const auto start = connection.midstream ? Evidence::Start::anywhere : Evidence::Start::beginning;
    const Evidence evidence{connection, start, {Evidence::Side{sent}, Evidence::Side{received}}};
    for (const Protocol& protocol : protocols()) {
        if (protocol.detect()->look(evidence) == Verdict::yes) {
            return &protocol;
        }
    }
    return nullptr;
}

}  // namespace

Dissectors make_dissectors(std::vector<DecodeAs> rules) {
    static const std::vector<const DissectorTraits*> all = protocol_dissectors();
    static const DissectorTraits not_dissected;
    return {all,
            [rules = std::move(rules)](const ConnectionInfo& connection, ByteView sent,
                                       ByteView received) -> const DissectorTraits* {
                const Protocol* found = guess_protocol(rules, connection, sent, received);
                if (found == nullptr) {
                    return nullptr;
                }
                return found->dissector != nullptr ? &found->dissector() : &not_dissected;
            }};
}

}  // namespace sslsniff
