#include <gtest/gtest.h>

#include "capture/kernel/event_decoder.h"
#include "unit/capture/event_collector.h"
#include "unit/capture/kernel_records.h"
#include "unit/capture/recording_kernel.h"

namespace sslsniff {
namespace {

using namespace test;

/// Sockets that carry cleartext, or TLS that nobody may decode.
class SocketDecoderTest : public testing::Test {
  protected:
    Collector out;
    RecordingKernel kernel;
    EventDecoder decoder{Timestamp(std::chrono::seconds(1000)), kernel};
};

TEST_F(SocketDecoderTest, SocketsAreCleartext) {
    decoder.decode(socket_record(kGeneration), out);
    decoder.decode(socket_bind_record(kGeneration, 6, BIND_SERVER), out);
    decoder.decode(data_record(0, "abc"), out);
    EXPECT_EQ(out.all<OpenEvent>().at(0).carrier, Carrier::cleartext);
    EXPECT_EQ(out.all<EndpointsEvent>().at(0).correlation, Correlation::socket);
    EXPECT_EQ(out.all<EndpointsEvent>().at(0).role, Role::server);
    EXPECT_EQ(out.bytes.back(), "abc");
}

TEST_F(SocketDecoderTest, PartsOfADatagramAreJoined) {
    decoder.decode(socket_record(kGeneration), out);
    decoder.decode(datagram_record(0, "ab", DATA_MORE), out);
    decoder.decode(datagram_record(2, "cd", DATA_MORE), out);
    EXPECT_TRUE(out.all<DataEvent>().empty());
    decoder.decode(datagram_record(4, "e", 0), out);
    decoder.decode(datagram_record(5, "next", 0), out);
    ASSERT_EQ(out.all<DataEvent>().size(), 2U);
    EXPECT_EQ(out.bytes.at(1), "abcde");
    EXPECT_EQ(out.all<DataEvent>().at(0).position, 0U);
    EXPECT_EQ(out.bytes.at(2), "next");
    EXPECT_TRUE(out.all<GapEvent>().empty());
}

TEST_F(SocketDecoderTest, ADatagramWhoseMiddleIsLostIsAGap) {
    decoder.decode(socket_record(kGeneration), out);
    decoder.decode(datagram_record(0, "ab", DATA_MORE), out);
    decoder.decode(datagram_record(4, "e", 0), out);
    ASSERT_EQ(out.all<GapEvent>().size(), 1U);
    EXPECT_EQ(out.bytes.back(), "e");
    EXPECT_EQ(out.all<DataEvent>().back().position, 4U);
}

TEST_F(SocketDecoderTest, UncoveredTlsIsToldWhenItIsCertain) {
    decoder.decode(socket_record(kGeneration, OPEN_HELD), out);
    decoder.decode(socket_bind_record(kGeneration, 6, BIND_CLIENT), out);
    EXPECT_TRUE(out.events.empty());
    EXPECT_TRUE(decoder.decode(record_of(event_of<event_header>(EVENT_UNCOVERED)), out));
    EXPECT_EQ(out.all<OpenEvent>().at(0).carrier, Carrier::tls);
    EXPECT_EQ(out.all<EndpointsEvent>().at(0).role, Role::client);
    EXPECT_FALSE(out.all<TlsEvent>().at(0).tls.not_decoded.empty());
}

TEST_F(SocketDecoderTest, TlsThatAMemoryBioMayHaveWaitsForIt) {
    constexpr std::uint64_t kObject = kGeneration + 1;
    for (const bool claimed : {false, true}) {
        EventDecoder fresh(Timestamp{}, kernel);
        Collector seen;
        auto bind = socket_bind_record(kGeneration, 6, BIND_CLIENT);
        std::uint64_t cookie = 0;
        std::memcpy(&cookie, bind.data() + offsetof(bind_event, cookie), sizeof(cookie));
        fresh.decode(open_record(kObject), seen);
        fresh.decode(socket_record(kGeneration, OPEN_HELD), seen);
        fresh.decode(bind, seen);
        EXPECT_TRUE(fresh.decode(record_of(event_of<event_header>(EVENT_UNCOVERED)), seen));
        EXPECT_TRUE(seen.all<TlsEvent>().empty());
        if (claimed) {
            fresh.decode(library_record(kObject), seen);
            fresh.decode(socket_sample(42, cookie), seen);
        }
        const Timestamp begun(Duration(5));
        fresh.expire(begun + EventDecoder::kClaimDelay - Duration(1), seen);
        EXPECT_TRUE(seen.all<TlsEvent>().empty());
        fresh.expire(begun + EventDecoder::kClaimDelay, seen);
        EXPECT_EQ(seen.all<TlsEvent>().size(), claimed ? 0U : 1U);
        EXPECT_EQ(fresh.open_connections(), claimed ? 1U : 2U);
    }
}

TEST_F(SocketDecoderTest, TlsWhoseSocketOnlyPayloadShowsIsToldWhenItEnds) {
    kernel.by_payload = 42;
    for (const bool closes : {false, true}) {
        EventDecoder fresh(Timestamp{}, kernel);
        Collector seen;
        fresh.decode(socket_record(kGeneration, OPEN_HELD), seen);
        EXPECT_TRUE(fresh.decode(record_of(event_of<event_header>(EVENT_UNCOVERED)), seen));
        fresh.expire(Timestamp(Duration(5)) + 10 * EventDecoder::kClaimDelay, seen);
        EXPECT_TRUE(seen.all<TlsEvent>().empty());
        if (closes) {
            EXPECT_TRUE(fresh.decode(record_of(event_of<close_event>(EVENT_CLOSE)), seen));
        } else {
            fresh.expire(Timestamp(Duration(5)), seen, Duration::zero());
        }
        EXPECT_EQ(seen.all<TlsEvent>().size(), 1U);
    }
}

TEST_F(SocketDecoderTest, WhatTheHellosSaidIsSaidOfWhoClaimsTheSocket) {
    constexpr std::uint64_t kObject = kGeneration + 1;
    constexpr std::uint64_t kCookie = 7;
    for (const std::uint32_t by_payload : {0U, 42U}) {
        kernel.by_payload = by_payload;
        EventDecoder fresh(Timestamp{}, kernel);
        Collector seen;
        fresh.decode(open_record(kObject), seen);
        fresh.decode(socket_record(kGeneration, OPEN_HELD, kCookie), seen);
        EXPECT_TRUE(fresh.decode(hello_record(kServerHello), seen));
        EXPECT_TRUE(seen.all<TlsEvent>().empty());
        fresh.decode(library_record(kObject), seen);
        fresh.decode(socket_sample(42, kCookie), seen);
        ASSERT_EQ(seen.all<TlsEvent>().size(), by_payload != 0 ? 1U : 0U);
        if (by_payload != 0) {
            EXPECT_EQ(seen.all<TlsEvent>().at(0).tls.cipher, "TLS_AES_128_GCM_SHA256");
            EXPECT_EQ(seen.all<TlsEvent>().at(0).connection, seen.all<EndpointsEvent>().at(0).connection);
        }
    }
}

TEST_F(SocketDecoderTest, TlsOfAProcessThatUsesMemoryWaitsForItsObjects) {
    auto wanted = event_of<transport_wanted_event>(EVENT_TRANSPORT_WANTED, 0);
    wanted.pid = 42;
    for (const bool has_ended : {false, true}) {
        EventDecoder fresh(Timestamp{}, kernel);
        Collector seen;
        EXPECT_TRUE(fresh.decode(record_of(wanted), seen));
        if (has_ended) {
            fresh.decode(process_record(EVENT_EXIT), seen);
        }
        fresh.decode(socket_record(kGeneration, OPEN_HELD), seen);
        EXPECT_TRUE(fresh.decode(record_of(event_of<event_header>(EVENT_UNCOVERED)), seen));
        EXPECT_EQ(seen.all<TlsEvent>().size(), has_ended ? 1U : 0U);
        fresh.expire(Timestamp(Duration(5)) + EventDecoder::kClaimDelay, seen);
        EXPECT_EQ(seen.all<TlsEvent>().size(), 1U);
    }
}

TEST_F(SocketDecoderTest, TlsThatProbesCoverIsForgotten) {
    decoder.decode(socket_record(kGeneration, OPEN_HELD), out);
    auto covered = event_of<close_event>(EVENT_CLOSE);
    covered.header.detail = CLOSED_COVERED;
    EXPECT_TRUE(decoder.decode(record_of(covered), out));
    EXPECT_TRUE(out.events.empty());
    EXPECT_EQ(decoder.open_connections(), 0U);
}

TEST_F(SocketDecoderTest, TheTlsOfASocketIsAnotherConnectionThanItsCleartext) {
    decoder.decode(socket_record(kGeneration), out);
    auto over = event_of<close_event>(EVENT_CLOSE);
    over.header.detail = CLOSED_TLS_BEGAN;
    EXPECT_TRUE(decoder.decode(record_of(over), out));
    EXPECT_EQ(out.all<CloseEvent>().at(0).reason, CloseReason::tls_began);
    decoder.decode(socket_record(kGeneration + 1, OPEN_HELD), out);
    EXPECT_TRUE(decoder.decode(record_of(event_of<event_header>(EVENT_UNCOVERED, kGeneration + 1)), out));
    ASSERT_EQ(out.all<OpenEvent>().size(), 2U);
    EXPECT_EQ(out.all<OpenEvent>().at(1).carrier, Carrier::tls);
    EXPECT_NE(out.all<OpenEvent>().at(0).connection, out.all<OpenEvent>().at(1).connection);
}

TEST_F(SocketDecoderTest, ADatagramSocketEndsWithAllItsConnections) {
    for (const std::uint64_t generation : {1U, 2U}) {
        decoder.decode(socket_record(generation, 0, generation), out);
        decoder.decode(socket_bind_record(generation, 17), out);
    }
    auto released = event_of<release_event>(EVENT_RELEASE, 0);
    released.cookie = 78;
    EXPECT_TRUE(decoder.decode(record_of(released), out));
    EXPECT_EQ(decoder.open_connections(), 2U);
    released.cookie = 77;
    EXPECT_TRUE(decoder.decode(record_of(released), out));
    EXPECT_EQ(decoder.open_connections(), 0U);
    EXPECT_EQ(out.all<CloseEvent>().at(1).reason, CloseReason::socket_closed);
}

TEST_F(SocketDecoderTest, SilentDatagramConnectionsEnd) {
    decoder.decode(socket_record(1, 0, 1), out);
    decoder.decode(socket_bind_record(1, 17), out);
    decoder.decode(socket_record(kGeneration, 0, 2), out);
    decoder.decode(socket_bind_record(kGeneration, 17), out);
    decoder.decode(datagram_record(0, "a", 0, 60'000'000'005), out);
    EXPECT_TRUE(out.all<CloseEvent>().empty());
    decoder.decode(datagram_record(1, "a", 0, 60'000'000'006), out);
    ASSERT_EQ(out.all<CloseEvent>().size(), 1U);
    EXPECT_EQ(out.all<CloseEvent>().at(0).reason, CloseReason::given_up);
    EXPECT_EQ(decoder.open_connections(), 1U);
}

TEST_F(SocketDecoderTest, SocketsOutliveExecButNotExit) {
    decoder.decode(process_record(EVENT_PROCESS), out);
    decoder.decode(socket_record(1), out);
    decoder.decode(open_record(2), out);
    decoder.decode(exec_record("a\0", ""), out);
    EXPECT_EQ(decoder.open_connections(), 1U);
    decoder.decode(process_record(EVENT_EXIT), out);
    EXPECT_EQ(decoder.open_connections(), 0U);
}

}  // namespace
}  // namespace sslsniff
