// From events to causes: what ConnectionTable, the parsers of HTTP and ProcessCauses make of it together.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "stream/connection_table.h"

namespace sslsniff {
namespace {

constexpr std::uint32_t kThread = 10;
constexpr std::uint32_t kOther = 11;

/// Notes "NUMBER<PROCESS-WIDE ID> <- CAUSE".
class CauseSink final : public TransactionSink {
  public:
    void on_transaction(const Transaction& transaction) override {
        std::string line = transaction_name(transaction.id());
        if (const auto& cause = transaction.caused_by) {
            line += " <- " + transaction_name(cause->transaction) + ' ' +
                    std::string(to_string(cause->confidence));
            line += cause->is_over ? " (over)" : "";
        }
        lines.push_back(std::move(line));
    }
    void on_connection(const ConnectionRecord& /*record*/) override {}
    void on_loss(const LossEvent& /*loss*/) override {}
    void on_summary(const CaptureSummary& /*summary*/) override {}

    std::vector<std::string> lines;
};

class CausesTest : public testing::Test {
  protected:
    static ConnectionId id(std::uint64_t number) { return {1, 1, number, number}; }
    Timestamp tick() { return now_ += std::chrono::microseconds(1); }

    void begin_process() {
        ProcessEvent event;
        event.time = tick();
        event.process.key = {1, 1};
        event.whole = true;
        table_.on_event(event);
    }
    void open(std::uint64_t connection, Role role, Carrier carrier = Carrier::cleartext) {
        table_.on_event(OpenEvent{id(connection), tick(), carrier, false, {}});
        bind(connection, role);
    }
    void bind(std::uint64_t connection, Role role) {
        EndpointsEvent event;
        event.connection = id(connection);
        event.time = tick();
        event.role = role;
        event.correlation = Correlation::socket;
        event.endpoints.transport = Transport::tcp;
        table_.on_event(event);
    }
    Timestamp data(std::uint64_t connection, Direction direction, ByteView bytes, std::uint32_t tid = kThread,
                   bool waits = true) {
        std::uint64_t& position = positions_[{connection, direction}];
        DataEvent event;
        event.connection = id(connection);
        event.time = tick();
        event.tid = tid;
        event.direction = direction;
        event.position = position;
        event.bytes = bytes;
        event.waits = waits && direction == Direction::received;
        position += bytes.size();
        table_.on_event(event);
        return event.time;
    }
    void ask(std::uint64_t connection, std::uint32_t tid = kThread, bool waits = true,
             const std::string& more = {}) {
        data(connection, Direction::received, "GET /x HTTP/1.1\r\nHost: h\r\n" + more + "\r\n", tid, waits);
    }
    void answer(std::uint64_t connection, std::uint32_t tid = kThread) {
        data(connection, Direction::sent, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", tid);
    }
    void call(std::uint64_t connection, std::uint32_t tid = kThread, const std::string& more = {}) {
        begin_call(connection, tid, more);
        end_call(connection, tid);
    }
    void begin_call(std::uint64_t connection, std::uint32_t tid = kThread, const std::string& more = {}) {
        data(connection, Direction::sent, "GET /y HTTP/1.1\r\nHost: u\r\n" + more + "\r\n", tid);
    }
    void end_call(std::uint64_t connection, std::uint32_t tid = kThread) {
        data(connection, Direction::received, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", tid);
    }
    using Lines = std::vector<std::string>;

    CauseSink sink_;
    ConnectionTable table_{sink_};
    std::map<std::pair<std::uint64_t, Direction>, std::uint64_t> positions_;
    Timestamp now_{std::chrono::seconds(1)};
};

TEST_F(CausesTest, CallsNameTheRequestThatComesLater) {
    open(1, Role::server);
    open(2, Role::client);
    for (int i = 0; i < 2; ++i) {
        ask(1);
        call(2);
        call(2);
        answer(1);
    }
    call(2);
    EXPECT_EQ(sink_.lines, (Lines{"1.2.1 <- 1.1.1 thread", "1.2.2 <- 1.1.1 thread", "1.1.1",
                                  "1.2.3 <- 1.1.2 thread", "1.2.4 <- 1.1.2 thread", "1.1.2", "1.2.5"}));
}

TEST_F(CausesTest, ConnectionsAreSharedByThreads) {
    open(1, Role::server);
    open(2, Role::client);
    open(3, Role::server);
    ask(1, kThread);
    ask(3, kOther);
    call(2, kOther);
    call(2, kThread);
    begin_call(2, kThread);
    end_call(2, kOther);
    EXPECT_EQ(sink_.lines,
              (Lines{"1.2.1 <- 1.3.1 thread", "1.2.2 <- 1.1.1 thread", "1.2.3 <- 1.1.1 thread"}));
}

TEST_F(CausesTest, AnswersOfAnotherThreadShowThatWorkIsHandedOver) {
    open(1, Role::server);
    open(2, Role::client);
    ask(1, kThread);
    answer(1, kOther);
    ask(1, kThread);
    call(2, kThread);
    EXPECT_EQ(sink_.lines, (Lines{"1.1.1", "1.2.1"}));
}

TEST_F(CausesTest, AnEarlyAnswerIsOver) {
    open(1, Role::server);
    open(2, Role::client);
    data(1, Direction::received, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
    call(2);
    answer(1);
    call(2);
    data(1, Direction::received, "cd");
    EXPECT_EQ(sink_.lines, (Lines{"1.2.1 <- 1.1.1 thread", "1.2.2", "1.1.1"}));
}

TEST_F(CausesTest, EventLoopsAreBelievedWithASoleRequest) {
    begin_process();
    open(1, Role::server);
    open(2, Role::client);
    open(3, Role::server);
    ask(1, kThread, false);
    call(2);
    answer(1);
    ask(1, kThread, false);
    ask(3, kThread, false);
    call(2);
    answer(3);
    answer(1);
    ask(1, kThread, false);
    call(2);
    EXPECT_EQ(sink_.lines, (Lines{"1.2.1 <- 1.1.1 sole", "1.1.1", "1.2.2", "1.3.1", "1.1.2", "1.2.3"}));
}

TEST_F(CausesTest, SilentTlsMayHideARequest) {
    begin_process();
    open(1, Role::server);
    open(2, Role::client);
    table_.on_event(OpenEvent{id(3), tick(), Carrier::tls, false, "OpenSSL"});
    ask(1, kThread, false);
    call(2);
    bind(3, Role::server);
    call(2);
    EXPECT_EQ(sink_.lines, (Lines{"1.2.1", "1.2.2 <- 1.1.1 sole"}));
}

TEST_F(CausesTest, UnknownProtocolsMayHideARequest) {
    begin_process();
    open(1, Role::server);
    open(2, Role::client);
    open(3, Role::server);
    ask(1, kThread, false);
    call(2);
    answer(1);
    data(3, Direction::received, "\x01\x02 what", kThread, false);
    data(3, Direction::sent, "\x01\x02 that");
    ask(1, kThread, false);
    call(2);
    EXPECT_EQ(sink_.lines, (Lines{"1.2.1 <- 1.1.1 sole", "1.1.1", "1.2.2"}));
}

TEST_F(CausesTest, AnAnswerToNothingIsNoRequest) {
    begin_process();
    open(1, Role::server);
    open(2, Role::client);
    open(3, Role::server);
    data(3, Direction::sent, "HTTP/1.1 400 Bad request\r\nContent-Length: 0\r\n\r\n");
    table_.on_event(CloseEvent{id(3), tick(), CloseReason::socket_closed});
    ask(1, kThread, false);
    call(2);
    EXPECT_EQ(sink_.lines, (Lines{"1.3.1", "1.2.1 <- 1.1.1 sole"}));
}

TEST_F(CausesTest, UnfinishedRequestsMayBeWorkedOnStill) {
    begin_process();
    open(1, Role::server);
    open(2, Role::client);
    open(3, Role::server);
    ask(1, kThread, false);
    table_.on_event(CloseEvent{id(1), tick(), CloseReason::reset});
    ask(3, kThread, false);
    call(2);
    EXPECT_EQ(sink_.lines, (Lines{"1.1.1", "1.2.1"}));
}

TEST_F(CausesTest, IdsInHeaderFields) {
    open(1, Role::server);
    open(2, Role::client);
    open(3, Role::server);
    ask(1, kThread, false, "X-Request-ID: one\r\n");
    ask(3, kThread, false, "x-request-id: two\r\n");
    call(2, kOther, "X-Request-Id: one\r\n");
    call(2, kOther, "X-Request-Id: two\r\n");
    call(2, kOther, "X-Request-Id: three\r\n");
    begin_call(2, kOther, "X-Request-Id: two\r\n");
    answer(3);
    end_call(2);
    EXPECT_EQ(sink_.lines, (Lines{"1.2.1 <- 1.1.1 header", "1.2.2 <- 1.3.1 header", "1.2.3", "1.3.1",
                                  "1.2.4 <- 1.3.1 header (over)"}));
}

TEST_F(CausesTest, LossesMakeWhatIsInProgressDoubtful) {
    open(1, Role::server);
    open(2, Role::client);
    ask(1);
    table_.on_event(LossEvent{tick(), LossCause::ring_full, 1, 100});
    call(2);
    answer(1);
    ask(1);
    call(2);
    EXPECT_EQ(sink_.lines, (Lines{"1.2.1", "1.1.1", "1.2.2 <- 1.1.2 thread"}));
}

TEST_F(CausesTest, OtherProtocolsAreCallsToo) {
    open(1, Role::server);
    open(2, Role::client);
    ask(1);
    data(2, Direction::sent, "*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
    data(2, Direction::received, "$1\r\nb\r\n");
    answer(1);
    EXPECT_EQ(sink_.lines, (Lines{"1.2.1 <- 1.1.1 thread", "1.1.1"}));
}

}  // namespace
}  // namespace sslsniff
