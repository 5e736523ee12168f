#pragma once

#include <chrono>

#include "support/exercise_host.h"

namespace sslsniff::test {

/// Drives a parser by fuzzer input: the first byte says how the connection is, then each step is a byte of
/// operation, a byte of size, and as many bytes of data.
inline void run_script(std::unique_ptr<ProtocolParser> (*create)(ParserHost&, const ParserLimits&),
                       Transport transport, ByteView input) {
    if (input.empty()) {
        return;
    }
    const auto flags = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    ExerciseHost host(true);
    host.info.endpoints.transport = transport;
    host.info.midstream = (flags & 1) != 0;
    host.info.role = static_cast<Role>((flags >> 1) % 3);
    ParserLimits limits;
    limits.max_body = (flags & 8) != 0 ? 16 : 4096;
    limits.max_pending = 4;
    const auto parser = create(host, limits);
    Timestamp time{};
    while (input.size() >= 2) {
        const auto operation = static_cast<unsigned char>(input[0]);
        const auto size = static_cast<unsigned char>(input[1]);
        input.remove_prefix(2);
        const Direction direction = (operation & 1) != 0 ? Direction::sent : Direction::received;
        time += std::chrono::milliseconds((operation & 2) != 0 ? 1 : 1500);
        if ((operation & 0xF0) == 0xF0) {
            parser->gap(direction, size, time);
            continue;
        }
        if ((operation & 0xF0) == 0xE0) {
            const std::size_t before = parser->held();
            parser->give_up(std::size_t{size} * 64);
            if (parser->held() > before) {
                __builtin_trap();
            }
            continue;
        }
        const ByteView bytes = input.substr(0, size);
        input.remove_prefix(bytes.size());
        if (parser->feed(direction, bytes, time) == ProtocolParser::Status::rejected) {
            if (host.exchanges != 0) {
                __builtin_trap();  // it was the protocol, or it was not
            }
            return;
        }
    }
    parser->end_of_stream(Direction::sent, time);
    parser->finish(time);
    if (host.depth != 0) {
        __builtin_trap();
    }
}

}  // namespace sslsniff::test
