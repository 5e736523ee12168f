// Captures that join recorded conversations between any two calls: nobody but their own protocol claims them,
// and that one mostly does, soon.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>

#include "base/input_stream.h"
#include "capture/trace/trace_reader.h"
#include "support/conversation.h"
#include "support/recorded_events.h"

namespace sslsniff {
namespace {

using test::Conversation;

struct Recorded {
    std::string_view name;
    std::string_view protocol;
    /// MySQL's servers read a header and what it announces by two calls: many joins are within a message.
    unsigned percent = 95;
};

/// Calls of each connection of a recorded trace.
std::map<ConnectionId, Conversation> conversations(std::string_view name) {
    std::ifstream file(std::string(SSLSNIFF_FIXTURES "/recorded_") + std::string(name) + ".trace");
    const std::string trace{std::istreambuf_iterator<char>(file), {}};
    TraceReader reader(std::make_unique<MemoryInputStream>(trace, "fixture"));
    test::RecordedEvents events;
    EXPECT_TRUE(test::drain(reader, events).has_value());
    std::map<ConnectionId, Conversation> all;
    for (const CaptureEvent& event : events.events()) {
        if (const auto* data = std::get_if<DataEvent>(&event)) {
            all[data->connection].push_back({data->direction, std::string(data->bytes), true});
        }
    }
    return all;
}

/// From a call on, until each side has had three turns.
Conversation three_turns(const Conversation& whole, std::size_t first) {
    Conversation out;
    unsigned turns = 0;
    for (std::size_t i = first; i < whole.size(); ++i) {
        turns += out.empty() || out.back().direction != whole[i].direction ? 1 : 0;
        if (turns > 6) {
            break;
        }
        out.push_back(whole[i]);
    }
    return out;
}

bool is_long_enough(const Conversation& part) {
    unsigned turns = 0;
    for (std::size_t i = 1; i < part.size(); ++i) {
        turns += part[i].direction != part[i - 1].direction ? 1 : 0;
    }
    return turns >= 5;
}

std::string claimed(const Conversation& conversation) {
    test::Player player;
    player.open(1, true);
    player.play(conversation);
    player.close();
    player.finish();
    return player.sink.connections.at(0).protocol;
}

class Joins : public testing::TestWithParam<Recorded> {};

TEST_P(Joins, AreClaimedByTheirProtocolAlone) {
    std::size_t tried = 0;
    std::size_t hits = 0;
    for (const auto& [id, whole] : conversations(GetParam().name)) {
        for (std::size_t first = 1; first < whole.size(); ++first) {
            const Conversation part = three_turns(whole, first);
            const std::string protocol = claimed(part);
            EXPECT_TRUE(protocol.empty() || protocol == GetParam().protocol)
                << protocol << " from call " << first;
            const std::string other = claimed(test::from_other_end(part));
            EXPECT_TRUE(other.empty() || other == GetParam().protocol) << other << " from call " << first;
            if (is_long_enough(part)) {
                tried += 2;
                hits += (protocol.empty() ? 0 : 1) + (other.empty() ? 0 : 1);
            }
        }
    }
    EXPECT_GT(tried, 0);
    EXPECT_GE(hits * 100, tried * GetParam().percent) << hits << " of " << tried;
}

INSTANTIATE_TEST_SUITE_P(Detection, Joins,
                         testing::Values(Recorded{"rabbitmq", "amqp"}, Recorded{"nats", "nats"},
                                         Recorded{"memcached", "memcached"}, Recorded{"cql", "cql"},
                                         Recorded{"dubbo", "dubbo"}, Recorded{"thrift", "thrift"},
                                         Recorded{"mosquitto", "mqtt"}, Recorded{"kafka", "kafka"},
                                         Recorded{"mongodb", "mongodb"}, Recorded{"mysql", "mysql", 88},
                                         Recorded{"mysql_node", "mysql", 88},
                                         Recorded{"postgresql", "postgresql"},
                                         Recorded{"postgresql_node", "postgresql"}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace sslsniff
