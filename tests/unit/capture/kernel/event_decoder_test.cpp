#include "capture/kernel/event_decoder.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <variant>
#include <vector>

#include "unit/capture/event_collector.h"
#include "unit/capture/kernel_records.h"
#include "unit/capture/recording_kernel.h"

namespace sslsniff {
namespace {

using namespace test;

constexpr Timestamp kZero{std::chrono::seconds(1000)};

class EventDecoderTest : public testing::Test {
  protected:
    Collector out;
    RecordingKernel kernel;
    EventDecoder decoder{kZero, kernel};
};

TEST_F(EventDecoderTest, DataBelongsToTheConnectionThatWasOpened) {
    decoder.name_library(1, "OpenSSL 3.0.17");
    EXPECT_TRUE(decoder.decode(open_record(), out));
    EXPECT_TRUE(decoder.decode(data_record(0, "abc"), out));
    EXPECT_TRUE(decoder.decode(data_record(3, "de"), out));
    ASSERT_EQ(out.events.size(), 3U);
    const auto opened = out.all<OpenEvent>().at(0);
    EXPECT_EQ(opened.connection, (ConnectionId{42, 9, kSsl, 1}));
    EXPECT_EQ(opened.library, "OpenSSL 3.0.17");
    EXPECT_EQ(opened.time, kZero + Duration(5));
    const auto data = out.all<DataEvent>();
    EXPECT_EQ(data.at(1).position, 3U);
    EXPECT_EQ(data.at(1).direction, Direction::received);
    EXPECT_EQ(out.bytes.at(2), "de");
}

TEST_F(EventDecoderTest, PaddingBehindTheLengthIsNotPayload) {
    decoder.decode(open_record(), out);
    EXPECT_TRUE(decoder.decode(data_record(0, "abc") + std::string(200, 'x'), out));
    EXPECT_EQ(out.bytes.back(), "abc");
}

TEST_F(EventDecoderTest, JumpsOfThePositionAreGapsWithTheirCause) {
    decoder.decode(open_record(), out);
    decoder.decode(data_record(10, "abc", 0, LOSS_RING_FULL), out);
    const auto gap = out.all<GapEvent>().at(0);
    EXPECT_EQ(gap.position, 0U);
    EXPECT_EQ(gap.bytes, 10U);
    EXPECT_EQ(gap.cause, LossCause::ring_full);
    EXPECT_TRUE(std::holds_alternative<GapEvent>(out.events.at(1)));
}

TEST_F(EventDecoderTest, SnippedBytesAreAGapAtOnce) {
    decoder.decode(open_record(), out);
    decoder.decode(data_record(0, "abc", 97), out);
    decoder.decode(data_record(100, "x", 0, LOSS_SNAPLEN), out);
    ASSERT_EQ(out.all<GapEvent>().size(), 1U);
    EXPECT_EQ(out.all<GapEvent>().at(0).position, 3U);
    EXPECT_EQ(out.all<GapEvent>().at(0).bytes, 97U);
    EXPECT_EQ(out.all<GapEvent>().at(0).cause, LossCause::snaplen);
}

TEST_F(EventDecoderTest, CloseTellsWhatIsMissingAtTheEnd) {
    decoder.decode(open_record(), out);
    decoder.decode(data_record(0, "abc"), out);
    auto event = event_of<close_event>(EVENT_CLOSE);
    event.header.detail = CLOSED_RESET;
    event.position[DIRECTION_RECEIVED] = 5;
    event.missing[DIRECTION_RECEIVED] = LOSS_FAULT;
    EXPECT_TRUE(decoder.decode(record_of(event), out));
    EXPECT_EQ(out.all<GapEvent>().at(0).bytes, 2U);
    EXPECT_EQ(out.all<GapEvent>().at(0).cause, LossCause::fault);
    EXPECT_EQ(out.all<CloseEvent>().at(0).reason, CloseReason::reset);
    EXPECT_EQ(decoder.open_connections(), 0U);
    EXPECT_FALSE(decoder.decode(data_record(5, "late"), out));
}

TEST_F(EventDecoderTest, AnObjectOpenedAgainClosesTheFormerConnection) {
    decoder.decode(open_record(1), out);
    decoder.decode(open_record(2), out);
    ASSERT_EQ(out.all<CloseEvent>().size(), 1U);
    EXPECT_EQ(out.all<CloseEvent>().at(0).connection.generation, 1U);
    EXPECT_EQ(out.all<OpenEvent>().at(1).connection.generation, 2U);
    EXPECT_EQ(decoder.open_connections(), 1U);
}

TEST_F(EventDecoderTest, ExitClosesTheConnectionsOfTheProcess) {
    StreamEnds ends;
    ends.position[DIRECTION_SENT] = 7;
    ends.missing[DIRECTION_SENT] = LossCause::ring_full;
    kernel.ends = ends;
    decoder.decode(process_record(EVENT_PROCESS), out);
    decoder.decode(open_record(1, 0x10), out);
    decoder.decode(open_record(2, 0x20), out);
    decoder.decode(process_record(EVENT_EXIT), out);
    EXPECT_EQ(kernel.taken, (std::vector<std::uint64_t>{1, 2}));
    ASSERT_EQ(out.all<CloseEvent>().size(), 2U);
    EXPECT_EQ(out.all<CloseEvent>().at(0).reason, CloseReason::process_exit);
    EXPECT_EQ(out.all<GapEvent>().at(0).bytes, 7U);
    EXPECT_EQ(out.all<ProcessEvent>().back().kind, ProcessEvent::Kind::exited);
    EXPECT_TRUE(std::holds_alternative<ProcessEvent>(out.events.back()));
    EXPECT_EQ(decoder.open_connections(), 0U);
}

TEST_F(EventDecoderTest, ExecIsRememberedUntilTheProcessUsesTls) {
    using namespace std::string_literals;
    const std::string id(64, 'a');
    decoder.decode(exec_record("curl\0bin\0usr\0"s, "docker-" + id + ".scope\0system.slice\0"s), out);
    EXPECT_TRUE(out.events.empty());
    decoder.decode(process_record(EVENT_PROCESS), out);
    const auto seen = out.all<ProcessEvent>().at(0);
    EXPECT_EQ(seen.kind, ProcessEvent::Kind::seen);
    EXPECT_EQ(seen.process.exe, "/usr/bin/curl");
    EXPECT_EQ(seen.process.container_id, id);
    EXPECT_EQ(seen.process.comm, "curl");
    EXPECT_EQ(seen.process.uid, 1000U);
    decoder.decode(exec_record("wget\0"s, ""), out);
    EXPECT_EQ(out.all<ProcessEvent>().at(1).kind, ProcessEvent::Kind::exec);
    EXPECT_EQ(out.all<ProcessEvent>().at(1).process.exe, "/wget");
}

TEST_F(EventDecoderTest, ProcessesThatRanBeforeAreDescribedByTheKernel) {
    using namespace std::string_literals;
    const std::string id(64, 'a');
    std::string record = exec_record("curl\0bin\0"s, "libpod-" + id + "\0libpod_parent\0"s);
    record[0] = EVENT_PROCESS;
    EXPECT_TRUE(decoder.decode(record, out));
    EXPECT_EQ(out.all<ProcessEvent>().at(0).process.exe, "/bin/curl");
    EXPECT_EQ(out.all<ProcessEvent>().at(0).process.container_id, id);
}

TEST_F(EventDecoderTest, ContainersThatTheCgroupDoesNotNameAreAskedFor) {
    using namespace std::string_literals;
    kernel.container_id = "web-1";
    decoder.decode(exec_record("curl\0"s, "web-1\0default\0"s), out);
    decoder.decode(process_record(EVENT_PROCESS), out);
    EXPECT_EQ(out.all<ProcessEvent>().at(0).process.container_id, "web-1");
    EXPECT_EQ(out.all<ProcessEvent>().at(0).process.exe, "/curl");
}

TEST_F(EventDecoderTest, GapsAreToldWhenTheyHappen) {
    decoder.decode(open_record(), out);
    decoder.decode(data_record(0, "head"), out);
    EXPECT_TRUE(decoder.decode(data_record(104, "", 0, LOSS_NO_BUFFER), out));
    ASSERT_EQ(out.all<GapEvent>().size(), 1U);
    EXPECT_EQ(out.all<GapEvent>().at(0).position, 4U);
    EXPECT_EQ(out.all<GapEvent>().at(0).bytes, 100U);
    EXPECT_EQ(out.all<GapEvent>().at(0).cause, LossCause::no_buffer);
    EXPECT_EQ(out.all<DataEvent>().size(), 1U);
    decoder.decode(data_record(104, "next"), out);
    EXPECT_EQ(out.all<GapEvent>().size(), 1U);
    EXPECT_EQ(out.all<DataEvent>().back().position, 104U);
}

TEST_F(EventDecoderTest, ProcessesThatNeverUsedTlsEndSilently) {
    decoder.decode(exec_record("a", ""), out);
    EXPECT_TRUE(decoder.decode(process_record(EVENT_EXIT), out));
    EXPECT_TRUE(out.events.empty());
}

TEST_F(EventDecoderTest, BindGivesBothEnds) {
    decoder.decode(open_record(), out);
    auto event = event_of<bind_event>(EVENT_BIND);
    event.cookie = 4;
    event.netns = 3;
    event.family = AF_INET6;
    event.protocol = 6;
    event.local_port = 1234;
    event.remote_port = 443;
    event.local[15] = 1;
    const std::uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 7};
    std::memcpy(event.remote, mapped, sizeof(mapped));
    EXPECT_TRUE(decoder.decode(record_of(event), out));
    const auto bound = out.all<EndpointsEvent>().at(0);
    EXPECT_EQ(to_string(bound.endpoints.local), "[::1]:1234");
    EXPECT_EQ(to_string(bound.endpoints.remote), "10.0.0.7:443");
    EXPECT_EQ(bound.endpoints.transport, Transport::tcp);
    EXPECT_EQ(bound.correlation, Correlation::nested);
    EXPECT_EQ(bound.endpoints.sequence, std::nullopt);
}

TEST_F(EventDecoderTest, BindGivesTheNumbersOfTcp) {
    decoder.decode(open_record(), out);
    auto event = event_of<bind_event>(EVENT_BIND);
    event.protocol = 6;
    event.header.flags = BIND_CLIENT | BIND_NUMBERS;
    event.sequence[DIRECTION_SENT] = 5;
    event.sequence[DIRECTION_RECEIVED] = 0xffffffff;
    EXPECT_TRUE(decoder.decode(record_of(event), out));
    const auto bound = out.all<EndpointsEvent>().at(0);
    EXPECT_EQ(bound.role, Role::client);
    EXPECT_EQ(bound.endpoints.sequence, (std::array<std::uint32_t, 2>{5, 0xffffffff}));
}

TEST_F(EventDecoderTest, EqualCiphertextBindsOnceAndTellsTheKernel) {
    decoder.decode(open_record(), out);
    EXPECT_TRUE(decoder.decode(library_record(), out));
    EXPECT_TRUE(decoder.decode(socket_sample(41, 8), out));  // another process
    EXPECT_TRUE(out.all<EndpointsEvent>().empty());
    EXPECT_TRUE(decoder.decode(socket_sample(42, 7), out));
    EXPECT_TRUE(decoder.decode(socket_sample(42, 7), out));
    ASSERT_EQ(out.all<EndpointsEvent>().size(), 1U);
    EXPECT_EQ(out.all<EndpointsEvent>().at(0).correlation, Correlation::ciphertext);
    EXPECT_EQ(out.all<EndpointsEvent>().at(0).endpoints.remote.port, 443);
    EXPECT_TRUE(kernel.bound.empty());  // or its ServerHello would no longer be looked at
    EXPECT_TRUE(decoder.decode(hello_record(kClientHello), out) && kernel.bound.empty());
    EXPECT_TRUE(decoder.decode(hello_record(kServerHello), out));
    EXPECT_EQ(out.all<TlsEvent>().back().tls.cipher, "TLS_AES_128_GCM_SHA256");
    EXPECT_TRUE(decoder.decode(data_record(0, "x"), out));
    EXPECT_EQ(kernel.bound, (std::vector{std::pair{kGeneration, std::uint64_t{7}}}));
    // a socket call that the program makes in a callback of the library
    EXPECT_TRUE(decoder.decode(record_of(event_of<bind_event>(EVENT_BIND)), out));
    EXPECT_EQ(out.all<EndpointsEvent>().size(), 1U);
    decoder.decode(record_of(event_of<close_event>(EVENT_CLOSE)), out);
    EXPECT_EQ(kernel.released, std::vector<std::uint64_t>{7});
}

TEST_F(EventDecoderTest, WaitsForAServerHelloOnlyWhereOneMayCome) {
    auto midstream = event_of<open_event>(EVENT_OPEN);
    midstream.pid = 42;
    midstream.header.flags = OPEN_MIDSTREAM;
    const std::vector<std::vector<std::string>> before = {
        {record_of(midstream)},
        {open_record(), record_of(event_of<handshake_event>(EVENT_HANDSHAKE))},
        {open_record(), data_record(0, "x")},
    };
    for (const auto& records : before) {
        RecordingKernel asked;
        EventDecoder binding(kZero, asked);
        for (const std::string& record : records) {
            EXPECT_TRUE(binding.decode(record, out));
        }
        binding.decode(library_record(), out);
        binding.decode(socket_sample(42, 7), out);
        EXPECT_EQ(asked.bound.size(), 1U);
    }
}

TEST_F(EventDecoderTest, CiphertextOfAConnectionThatIsOverBindsNothing) {
    decoder.decode(open_record(), out);
    decoder.decode(library_record(), out);
    decoder.decode(record_of(event_of<close_event>(EVENT_CLOSE)), out);
    decoder.decode(open_record(kGeneration + 1), out);
    EXPECT_TRUE(decoder.decode(socket_sample(42, 7), out));
    EXPECT_TRUE(out.all<EndpointsEvent>().empty());
}

TEST_F(EventDecoderTest, HandshakeAndAlpnAreNewsAboutTheSession) {
    decoder.decode(open_record(), out);
    auto handshake = event_of<handshake_event>(EVENT_HANDSHAKE);
    handshake.header.flags = HANDSHAKE_SERVER | HANDSHAKE_FAILED;
    handshake.header.detail = HANDSHAKE_ALERT_SENT;
    handshake.alert = 48;
    handshake.duration = 1500;
    auto alpn = event_of<alpn_event>(EVENT_ALPN);
    alpn.length = 2;
    std::memcpy(alpn.bytes, "h2", 2);
    EXPECT_TRUE(decoder.decode(record_of(handshake), out));
    EXPECT_TRUE(decoder.decode(record_of(alpn), out));
    const auto news = out.all<TlsEvent>();
    EXPECT_EQ(news.at(0).role, Role::server);
    EXPECT_TRUE(news.at(0).tls.handshake_failed);
    EXPECT_EQ(news.at(0).tls.handshake_error, "alert sent: unknown_ca");
    EXPECT_EQ(news.at(0).tls.handshake, Duration(1500));
    EXPECT_EQ(news.at(1).tls.alpn, "h2");
}

TEST_F(EventDecoderTest, RecordsCutShortAnywhereAreRefused) {
    const std::vector<std::string> records = {
        open_record(2),
        data_record(0, "abcdef"),
        process_record(EVENT_PROCESS),
        exec_record("a", "b"),
        record_of(event_of<bind_event>(EVENT_BIND)),
        record_of(event_of<close_event>(EVENT_CLOSE)),
        record_of(event_of<alpn_event>(EVENT_ALPN)),
        library_record(),
        socket_sample(42, 7),
    };
    for (const std::string& record : records) {
        for (std::size_t size = 0; size < record.size(); size++) {
            EventDecoder fresh(kZero, kernel);
            Collector ignored;
            fresh.decode(open_record(), ignored);
            EXPECT_FALSE(fresh.decode(ByteView(record).substr(0, size), ignored)) << size;
        }
    }
}

TEST_F(EventDecoderTest, ContradictionsAreRefused) {
    EXPECT_FALSE(decoder.decode(data_record(0, "x"), out));  // never opened
    EXPECT_FALSE(decoder.decode(open_record(0), out));
    decoder.decode(open_record(), out);
    EXPECT_FALSE(decoder.decode(open_record(), out));  // twice
    EXPECT_TRUE(decoder.decode(data_record(5, "abc"), out));
    EXPECT_FALSE(decoder.decode(data_record(7, "x"), out));  // backwards
    EXPECT_FALSE(decoder.decode(data_record(UINT64_MAX - 1, "xyz"), out));
    auto unknown = event_of<event_header>(EVENT_NONE);
    unknown.kind = 99;
    EXPECT_FALSE(decoder.decode(record_of(unknown), out));
}

TEST_F(EventDecoderTest, ConnectionsThatTheKernelForgotEndWithTheSecondLook) {
    kernel.known = 78;
    decoder.decode(open_record(77, kSsl), out);
    decoder.decode(open_record(78, kSsl + 64), out);
    decoder.reconcile(kZero, out);
    EXPECT_EQ(decoder.open_connections(), 2U);  // its close may still wait in the ring
    decoder.reconcile(kZero, out);
    EXPECT_EQ(decoder.open_connections(), 1U);
    ASSERT_EQ(out.all<CloseEvent>().size(), 1U);
    EXPECT_EQ(out.all<CloseEvent>().at(0).connection.handle, kSsl);
    EXPECT_EQ(out.all<CloseEvent>().at(0).reason, CloseReason::given_up);
}

}  // namespace
}  // namespace sslsniff
