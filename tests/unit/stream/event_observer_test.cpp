// What an observer of events is told, and when.
#include "model/event_observer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/conversation.h"

namespace sslsniff {
namespace {

using test::Player;
using Lines = std::vector<std::string>;

constexpr ByteView kRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr ByteView kResponse = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class Observer final : public EventObserver {
  public:
    explicit Observer(Player& player) : player_(player) { player.table.add_observer(*this); }
    void on_understood(const CaptureEvent& event, const OpenConnection* connection) override {
        lines.push_back(fmt::format("{} {} {}", event.index(),
                                    connection != nullptr ? connection->protocol : "none",
                                    player_.sink.lines.size()));
    }
    void on_ended(const OpenConnection& connection, CloseReason reason, Timestamp /*time*/) override {
        lines.push_back(fmt::format("ended {} {} {}", connection.connection.id.generation, to_string(reason),
                                    player_.sink.connections.size()));
    }
    Lines lines;

  private:
    Player& player_;
};

TEST(EventObserver, IsToldOfEventsBehindWhatTheyMean) {
    Player player;
    const Observer observer(player);
    player.table.on_event(ProcessEvent{player.tick(), ProcessEvent::Kind::seen, {}});
    player.open();
    player.data(Direction::sent, kRequest);
    player.data(Direction::received, kResponse);
    player.gap(Direction::sent, 5, true);
    player.table.on_event(LossEvent{player.tick(), LossCause::ring_full, 1, 2});
    player.close();
    player.close();  // of nothing
    EXPECT_EQ(observer.lines, (Lines{"0 none 0", "1  0", "4 http/1 0", "4 http/1.1 1", "5 http/1.1 1",
                                     "7 none 1", "ended 1 shutdown 1"}));
}

TEST(EventObserver, EveryConnectionEndsOnce) {
    Player player;
    const Observer observer(player);
    player.open(1);
    player.data(Direction::sent, "a", 1);
    player.open(1);  // the close of the first was lost
    player.data(Direction::sent, "a", 1);
    player.open(2);
    player.close(CloseReason::covered, 2);  // it was none
    player.data(Direction::sent, "joined", 3);
    ProcessInfo process;
    process.key = Player::id(1).process();
    player.table.on_event(ProcessEvent{player.tick(), ProcessEvent::Kind::exited, process});
    player.data(Direction::sent, "joined", 4);
    player.finish();
    Lines ends;
    for (const auto& line : observer.lines) {
        if (line.starts_with("ended")) {
            ends.push_back(line.substr(0, line.rfind(' ')));
        }
    }
    EXPECT_EQ(ends, (Lines{"ended 1 freed", "ended 2 covered", "ended 1 process_exit", "ended 3 process_exit",
                           "ended 4 capture_end"}));
}

TEST(EventObserver, IsToldWhatAProtocolIsLikelyToBe) {
    Player player;
    struct Likely final : EventObserver {
        void on_understood(const CaptureEvent& /*event*/, const OpenConnection* connection) override {
            told.emplace_back(fmt::format("{}|{}", connection->protocol, connection->likely_protocol));
        }
        void on_ended(const OpenConnection& /*connection*/, CloseReason /*reason*/,
                      Timestamp /*time*/) override {}
        Lines told;
    } likely;
    player.table.add_observer(likely);
    player.open(1, true, Carrier::cleartext);
    // In the middle of a pipeline: no message begins where the capture does, and one exchange is not enough.
    player.data(Direction::sent, "rest\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
    player.data(Direction::received, "est\r\n$1\r\n1\r\n");
    EXPECT_EQ(likely.told.back(), "|redis");
    player.data(Direction::sent, "*2\r\n$3\r\nGET\r\n$1\r\nb\r\n");
    EXPECT_EQ(likely.told.back(), "|redis");
    player.data(Direction::received, "$1\r\n2\r\n");
    EXPECT_EQ(likely.told.back(), "redis|");
}

TEST(EventObserver, OfConnectionsThatAreGivenUp) {
    StreamLimits limits;
    limits.max_connections = 1;
    Player player(limits);
    const Observer observer(player);
    player.open(1);
    player.open(2);
    EXPECT_EQ(observer.lines, (Lines{"1  0", "ended 1 given_up 1", "1  0"}));
}

}  // namespace
}  // namespace sslsniff
