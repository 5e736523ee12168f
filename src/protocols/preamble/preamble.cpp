#include "protocols/preamble/preamble.h"

#include <algorithm>
#include <array>

#include "base/memory.h"

namespace sslsniff {
namespace {

using preamble::Length;

constexpr std::size_t kMaxHeld = 4096;  ///< more than any of them needs

std::size_t index(Direction direction) {
    return static_cast<std::size_t>(direction);
}

/// SOCKS, or one PROXY header: what has come of each direction and how far it is understood.
class Conversation {
  public:
    /// Of the direction that spoke first; the other one's answers.
    Verdict read(ByteView client, ByteView server) {
        if (const Length header = preamble::proxy_header(client); header.verdict != Verdict::no) {
            client_end_ = header.size;
            server_end_ = 0;
            if (header.verdict == Verdict::yes) {
                tunnel_ = preamble::proxy_addresses(client.substr(0, header.size));
            }
            return header.verdict;
        }
        return read_socks(client, server);
    }
    std::size_t client_end() const { return client_end_; }
    std::size_t server_end() const { return server_end_; }
    /// What it says of the ends, once it is read.
    const Tunnel& tunnel() const { return tunnel_; }

  private:
    Verdict read_socks(ByteView client, ByteView server) {
        const Length greeting = preamble::socks_greeting(client);
        if (greeting.verdict != Verdict::yes) {
            return greeting.verdict;
        }
        if (client.front() == '\4') {
            tunnel_ = {"SOCKS4", {}, preamble::socks_target(client.substr(0, greeting.size))};
            return finish(greeting.size, server, 8,
                          [](ByteView reply) { return reply[0] == 0 && reply[1] == '\x5A'; });
        }
        std::size_t sent = greeting.size;
        if (server.size() < 2) {
            return client.size() > sent ? Verdict::no : Verdict::need_more;  // clients wait for the method
        }
        if (server[0] != '\5' || (server[1] != 0 && server[1] != '\2')) {
            return Verdict::no;
        }
        std::size_t answered = 2;
        if (server[1] == '\2') {
            const Length login = preamble::socks5_authentication(client.substr(sent));
            if (login.verdict != Verdict::yes || server.size() < answered + 2) {
                return login.verdict == Verdict::no ? Verdict::no : Verdict::need_more;
            }
            sent += login.size;
            answered += 2;
        }
        const Length request = preamble::socks5_request(client.substr(sent));
        const Length reply = preamble::socks5_request(server.substr(answered));
        if (request.verdict == Verdict::no || reply.verdict == Verdict::no) {
            return Verdict::no;
        }
        if (request.verdict == Verdict::need_more || reply.verdict == Verdict::need_more) {
            return Verdict::need_more;
        }
        tunnel_ = {"SOCKS5", {}, preamble::socks_target(client.substr(sent, request.size))};
        client_end_ = sent + request.size;
        server_end_ = answered + reply.size;
        return client[sent] == '\5' && server[answered] == '\5' && server[answered + 1] == 0 ? Verdict::yes
                                                                                             : Verdict::no;
    }
    template <class Good>
    Verdict finish(std::size_t sent, ByteView server, std::size_t size, Good good) {
        if (server.size() < size) {
            return Verdict::need_more;
        }
        client_end_ = sent;
        server_end_ = size;
        return good(server) ? Verdict::yes : Verdict::no;
    }

    Tunnel tunnel_;
    std::size_t client_end_ = 0;
    std::size_t server_end_ = 0;
};

/// Only at the beginning of a connection, and in few bytes: each look begins anew.
class PreambleDetector final : public Detector {
  public:
    Verdict look(const Evidence& evidence) override {
        if (evidence.start != Evidence::Start::beginning ||
            evidence.connection.endpoints.transport == Transport::udp) {
            return Verdict::no;
        }
        Verdict verdict = Verdict::no;
        for (const Direction client : {Direction::sent, Direction::received}) {
            const ByteView said = evidence.side(client).bytes.substr(0, kMaxHeld);
            const ByteView answered = evidence.side(opposite(client)).bytes.substr(0, kMaxHeld);
            if (!said.empty()) {
                verdict = std::max(verdict, Conversation().read(said, answered));
            }
        }
        return verdict;
    }
    std::size_t held() const override { return allocated(sizeof(*this)); }
};

class PreambleParser final : public ProtocolParser {
  public:
    explicit PreambleParser(ParserHost& host) : host_(host) {}

    Status feed(Direction direction, ByteView bytes, Timestamp /*time*/) override {
        Bytes& said = said_[index(direction)];
        said += bytes;
        for (const Direction client : {Direction::sent, Direction::received}) {
            Conversation conversation;
            const ByteView from_client = said_[index(client)];
            const ByteView from_server = said_[index(opposite(client))];
            if (!from_client.empty() && conversation.read(from_client, from_server) == Verdict::yes) {
                host_.set_tunnel(conversation.tunnel());
                host_.set_role(client == Direction::sent ? Role::client : Role::server);
                const ByteView rest = from_client.substr(conversation.client_end());
                const ByteView other = from_server.substr(conversation.server_end());
                const bool sent = client == Direction::sent;
                host_.become(nullptr, sent ? rest : other, sent ? other : rest);
                return Status::ok;
            }
        }
        return said_[0].size() + said_[1].size() > 2 * kMaxHeld ? Status::rejected : Status::ok;
    }
    void gap(Direction /*direction*/, std::uint64_t /*bytes*/, Timestamp /*time*/) override {}
    void end_of_stream(Direction /*direction*/, Timestamp /*time*/) override {}
    void finish(Timestamp /*time*/) override {}
    std::size_t held() const override {
        return allocated(sizeof(*this)) + heap_bytes(said_[0]) + heap_bytes(said_[1]);
    }
    std::uint64_t give_up(std::size_t /*bytes*/) override { return 0; }

  private:
    ParserHost& host_;
    std::array<Bytes, 2> said_;
};

}  // namespace

std::unique_ptr<Detector> detect_preamble() {
    return std::make_unique<PreambleDetector>();
}

bool may_begin_preamble(ByteView /*message*/, const ConnectionInfo& /*connection*/) {
    return false;  // later messages are none
}

std::unique_ptr<ProtocolParser> create_preamble(ParserHost& host, const ParserLimits& /*limits*/) {
    return std::make_unique<PreambleParser>(host);
}

}  // namespace sslsniff
