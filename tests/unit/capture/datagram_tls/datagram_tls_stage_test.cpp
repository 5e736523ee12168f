#include "capture/datagram_tls/datagram_tls_stage.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "unit/capture/event_collector.h"

namespace sslsniff {
namespace {

/// The packets of RFC 9001 appendix A.
Bytes packet(const std::string& name) {
    std::ifstream file(SSLSNIFF_FIXTURES "/quic/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// DTLS 1.2 records (RFC 6347 section 4.1): a type, an epoch, and what they carry.
Bytes dtls(char type, char epoch, ByteView fragment) {
    Bytes out{type, '\xfe', '\xfd', 0, epoch, 0, 0, 0, 0, 0, 1, 0, static_cast<char>(fragment.size())};
    return out.append(fragment);
}

/// A handshake message in one fragment, without extensions.
Bytes dtls_hello(char type, ByteView rest) {
    const Bytes body = Bytes("\xfe\xfd") + Bytes(32, 'r') + Bytes(1, 0) + Bytes(rest);
    const char size = static_cast<char>(body.size());
    return dtls(22, 0, Bytes{type, 0, 0, size, 0, 0, 0, 0, 0, 0, 0, size} + body);
}

const ConnectionId kUdp{1, 10, 99, 1};

class DatagramTlsStageTest : public testing::Test {
  protected:
    void open(DatagramTlsStage& stage, Transport transport = Transport::udp) {
        stage.pass(OpenEvent{kUdp, {}, Carrier::cleartext, false, ""}, collector);
        Endpoints endpoints;
        endpoints.transport = transport;
        stage.pass(EndpointsEvent{kUdp, {}, Role::unknown, Correlation::socket, endpoints}, collector);
    }
    void data(DatagramTlsStage& stage, Direction direction, ByteView bytes) {
        stage.pass(DataEvent{kUdp, {}, 1, direction, 0, bytes}, collector);
    }
    void close(DatagramTlsStage& stage) {
        stage.pass(CloseEvent{kUdp, {}, CloseReason::socket_closed}, collector);
    }
    TlsInfo told() const {
        TlsInfo info;
        for (const TlsEvent& event : collector.all<TlsEvent>()) {
            const auto replace = [](std::string& known, const std::string& news) {
                known = news.empty() ? known : news;
            };
            replace(info.sni, event.tls.sni);
            replace(info.cipher, event.tls.cipher);
            replace(info.version, event.tls.version);
            replace(info.not_decoded, event.tls.not_decoded);
        }
        return info;
    }
    Collector collector;
};

TEST_F(DatagramTlsStageTest, IsTlsThatIsNotDecoded) {
    DatagramTlsStage stage({});
    open(stage);
    EXPECT_TRUE(collector.events.empty());
    data(stage, Direction::sent, packet("rfc9001_client_initial.bin"));
    data(stage, Direction::received, packet("rfc9001_server_initial.bin"));
    data(stage, Direction::received, "short header");
    close(stage);
    ASSERT_EQ(collector.all<OpenEvent>().size(), 1U);
    EXPECT_EQ(collector.all<OpenEvent>()[0].carrier, Carrier::tls);
    EXPECT_TRUE(std::holds_alternative<OpenEvent>(collector.events[0]));
    EXPECT_EQ(told().sni, "example.com");
    EXPECT_EQ(told().cipher, "TLS_AES_128_GCM_SHA256");
    EXPECT_EQ(told().not_decoded, "QUIC");
    EXPECT_EQ(collector.all<TlsEvent>().back().role, Role::client);
    EXPECT_TRUE(collector.all<DataEvent>().empty());
    EXPECT_EQ(collector.all<CloseEvent>().size(), 1U);
}

TEST_F(DatagramTlsStageTest, BytesForWhoCountsThem) {
    DatagramTlsStage stage({.encrypted = true, .others = true, .ciphertext = true});
    open(stage);
    data(stage, Direction::sent, packet("rfc9001_client_initial.bin"));
    data(stage, Direction::sent, "short header");
    EXPECT_EQ(collector.all<DataEvent>().size(), 2U);
}

TEST_F(DatagramTlsStageTest, OthersPass) {
    DatagramTlsStage stage({});
    open(stage);
    data(stage, Direction::sent, "no QUIC");
    data(stage, Direction::sent, packet("rfc9001_client_initial.bin"));
    close(stage);
    EXPECT_EQ(collector.all<OpenEvent>()[0].carrier, Carrier::cleartext);
    EXPECT_EQ(collector.all<DataEvent>().size(), 2U);
    EXPECT_EQ(collector.events.size(), 5U);
}

TEST_F(DatagramTlsStageTest, SilentAndLossyOnesPass) {
    DatagramTlsStage stage({});
    open(stage);
    close(stage);
    EXPECT_EQ(collector.events.size(), 3U);
    open(stage);
    stage.pass(GapEvent{kUdp, {}, Direction::sent, 0, 5, LossCause::ring_full}, collector);
    EXPECT_EQ(collector.events.size(), 6U);
    open(stage);
    stage.flush(collector);
    EXPECT_EQ(collector.events.size(), 8U);
}

TEST_F(DatagramTlsStageTest, OnlyWhatIsWanted) {
    DatagramTlsStage tls_only({.encrypted = true, .others = false, .ciphertext = false});
    open(tls_only);
    data(tls_only, Direction::sent, "no QUIC");
    data(tls_only, Direction::sent, "no QUIC");
    close(tls_only);
    EXPECT_TRUE(collector.events.empty());
    DatagramTlsStage cleartext_only({.encrypted = false, .others = true, .ciphertext = false});
    open(cleartext_only);
    data(cleartext_only, Direction::sent, packet("rfc9001_client_initial.bin"));
    close(cleartext_only);
    EXPECT_TRUE(collector.events.empty());
}

TEST_F(DatagramTlsStageTest, TcpPassesAtOnce) {
    DatagramTlsStage stage({});
    open(stage, Transport::tcp);
    EXPECT_EQ(collector.events.size(), 2U);
    data(stage, Direction::sent, packet("rfc9001_client_initial.bin"));
    EXPECT_EQ(collector.all<DataEvent>().size(), 1U);
}

TEST_F(DatagramTlsStageTest, Dtls) {
    DatagramTlsStage stage({});
    open(stage);
    data(stage, Direction::received, dtls_hello(1, Bytes{0, 0, 2, '\xc0', '\x2b', 1, 0}));
    data(stage, Direction::sent, dtls_hello(2, Bytes{'\xc0', '\x2b', 0}));
    data(stage, Direction::sent, dtls(23, 1, "ciphertext"));
    close(stage);
    EXPECT_EQ(collector.all<OpenEvent>()[0].carrier, Carrier::tls);
    EXPECT_EQ(told().not_decoded, "DTLS");
    EXPECT_EQ(told().cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
    EXPECT_EQ(told().version, "DTLSv1.2");
    EXPECT_EQ(collector.all<TlsEvent>().back().role, Role::server);
    EXPECT_TRUE(collector.all<DataEvent>().empty());
}

TEST_F(DatagramTlsStageTest, DtlsJoinedInMidLife) {
    DatagramTlsStage stage({});
    open(stage);
    data(stage, Direction::sent, dtls(23, 1, "first") + dtls(23, 1, "second"));
    EXPECT_EQ(told().not_decoded, "DTLS");
    DatagramTlsStage other({});
    collector.events.clear();
    open(other);
    data(other, Direction::sent, dtls(23, 1, "first") + "no record follows");
    EXPECT_EQ(told().not_decoded, "");
    EXPECT_EQ(collector.all<DataEvent>().size(), 1U);
}

}  // namespace
}  // namespace sslsniff
