#include "capture/kernel/midstream_classifier.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bpf/event.h"
#include "tls/records.h"
#include "unit/capture/recording_kernel.h"

namespace sslsniff {
namespace {

constexpr std::uint64_t kCookie = 77;

std::string record(std::size_t size, char type = '\x17') {
    return std::string{type, '\3', '\3', static_cast<char>(size >> 8), static_cast<char>(size)} +
           std::string(size, '\xb7');
}

ConnectionId socket_of(std::uint64_t number) {
    return {1, 10, SOCKET_HANDLE | number, number};
}
const ConnectionId kSocket = socket_of(1);
constexpr ConnectionId kTlsObject{1, 10, 0x7f00, 2};

/// Writes down what passes: "open cleartext", "data 5".
class MidstreamClassifierTest : public testing::Test, public EventConsumer {
  protected:
    void on_event(const CaptureEvent& event) override {
        if (const auto* open = std::get_if<OpenEvent>(&event)) {
            log.push_back("open " + std::string(to_string(open->carrier)));
        } else if (const auto* data = std::get_if<DataEvent>(&event)) {
            log.push_back("data " + std::to_string(data->bytes.size()));
        } else if (const auto* tls = std::get_if<TlsEvent>(&event)) {
            log.push_back("tls " + tls->tls.not_decoded);
        } else if (const auto* close = std::get_if<CloseEvent>(&event)) {
            log.push_back("close " + std::string(to_string(close->reason)));
        }
    }
    void pass(const CaptureEvent& event) { doubt.pass(event, *this); }

    void open(bool midstream = true, std::uint64_t number = 1) {
        pass(OpenEvent{socket_of(number), now, Carrier::cleartext, midstream, ""});
        Endpoints endpoints;
        endpoints.transport = Transport::tcp;
        endpoints.socket_cookie = kCookie + number - 1;
        pass(EndpointsEvent{socket_of(number), now, Role::unknown, Correlation::socket, endpoints});
    }
    void data(ByteView bytes, std::uint64_t number = 1) {
        pass(DataEvent{socket_of(number), now, 1, Direction::received, 0, bytes});
    }
    void use_tls() { pass(OpenEvent{kTlsObject, now, Carrier::tls, true, "OpenSSL"}); }
    void bind(Correlation correlation) {
        Endpoints endpoints;
        endpoints.socket_cookie = kCookie;
        pass(EndpointsEvent{kTlsObject, now, Role::unknown, correlation, endpoints});
    }
    void close(CloseReason reason = CloseReason::socket_closed) { pass(CloseEvent{kSocket, now, reason}); }

    using Log = std::vector<std::string>;
    Log log;
    test::RecordingKernel kernel;
    MidstreamClassifier doubt{kernel, true};
    Timestamp now{std::chrono::seconds(1'700'000'000)};
};

TEST_F(MidstreamClassifierTest, NewConnectionsAndTextPassAtOnce) {
    open(false);
    data("\1\2\3");
    EXPECT_EQ(log, (Log{"open cleartext", "data 3"}));
    open(true, 2);
    EXPECT_EQ(log.size(), 2U);
    data("HTTP/1.1 200 OK\r\n", 2);
    data("\1", 2);
    EXPECT_EQ(log, (Log{"open cleartext", "data 3", "open cleartext", "data 17", "data 1"}));
}

TEST_F(MidstreamClassifierTest, BinaryPassesWhenItHoldsNoRecords) {
    open();
    data(std::string(kTlsRecordChain - 1, '\xb7'));
    EXPECT_EQ(log, Log{});
    data("\xb7");
    EXPECT_EQ(log.size(), 3U);
}

TEST_F(MidstreamClassifierTest, BinaryPassesAfterAWhile) {
    open();
    data("\1\2");
    now += MidstreamClassifier::kPatience;
    data("\3", 1);
    EXPECT_EQ(log, (Log{"open cleartext", "data 2", "data 1"}));
}

TEST_F(MidstreamClassifierTest, RecordsOfATlsObjectAreDropped) {
    open();
    use_tls();
    log.clear();
    data("\xb7\xb7" + record(1000) + record(5));
    EXPECT_EQ(doubt.waiting_bytes(), 0U);
    bind(Correlation::ciphertext);
    data("more");
    close();
    EXPECT_EQ(log, Log{});
}

TEST_F(MidstreamClassifierTest, RecordsInATlsProcessAreDroppedInTheEnd) {
    open();
    use_tls();
    log.clear();
    data(record(1000) + record(5));
    now += MidstreamClassifier::kPatience;
    data("more");
    close();
    EXPECT_EQ(log, Log{});
    EXPECT_EQ(kernel.left, std::vector{kCookie});
}

TEST_F(MidstreamClassifierTest, OtherRecordsAreTlsThatIsNotDecoded) {
    open();
    data("\xb7" + record(16384) + record(5));
    now += MidstreamClassifier::kPatience;
    data("more");
    close(CloseReason::reset);
    EXPECT_EQ(log, (Log{"open tls", "tls by no known TLS library, or forwarded", "close reset"}));
    EXPECT_EQ(kernel.left, std::vector{kCookie});
}

TEST_F(MidstreamClassifierTest, WhatEndsEarlyIsDecidedByWhatIsKnown) {
    open();
    data("\1");
    close();
    EXPECT_EQ(log, (Log{"open cleartext", "data 1", "close socket_closed"}));
}

TEST_F(MidstreamClassifierTest, TheKernelSideMayKnow) {
    open();
    data("\1");
    close(CloseReason::covered);
    EXPECT_EQ(log, Log{});
}

TEST_F(MidstreamClassifierTest, BytesBeforeTlsWereCleartextOnlyIfTheyAreText) {
    open();
    data("\1");
    close(CloseReason::tls_began);
    EXPECT_EQ(log, Log{});
    open();
    data("STARTTLS\r\n");
    close(CloseReason::tls_began);
    EXPECT_EQ(log, (Log{"open cleartext", "data 10", "close tls_began"}));
}

TEST_F(MidstreamClassifierTest, LateCertaintyEndsWhatWasHandedOn) {
    open();
    data("\1");
    now += MidstreamClassifier::kPatience;
    use_tls();
    bind(Correlation::ciphertext);
    data("\2");
    close();
    EXPECT_EQ(log, (Log{"open cleartext", "data 1", "open tls", "close covered"}));
}

TEST_F(MidstreamClassifierTest, MemoryIsBounded) {
    const std::string chunk(30'000, '\xb7');
    for (std::uint64_t number = 1; number <= 1000; ++number) {
        open(true, number);
        data(chunk, number);
        ASSERT_LE(doubt.waiting_bytes(), MidstreamClassifier::kMaxBytes);
    }
    doubt.flush(*this);
    EXPECT_EQ(log.size(), 2000U);
}

TEST(TlsRecords, AreFoundWhereverTheyBegin) {
    const std::string two = record(100) + record(1, '\x15');
    for (const std::size_t before : {0U, 1U, 16'640U}) {
        EXPECT_TRUE(has_tls_records(std::string(before, '\xee') + two));
    }
    EXPECT_FALSE(has_tls_records(record(100)));
    EXPECT_FALSE(has_tls_records(record(100) + "\x17\3\3"));
    EXPECT_FALSE(has_tls_records(record(100) + std::string(100, '\xee')));
    EXPECT_FALSE(has_tls_records(std::string(kTlsRecordChain, '\x17')));
}

}  // namespace
}  // namespace sslsniff
