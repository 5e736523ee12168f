#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>

#include "protocols/http1/exchange_queue.h"
#include "protocols/http1/message_reader.h"
#include "protocols/protocol.h"

namespace sslsniff::http1 {

/// HTTP/1.0 and HTTP/1.1 (RFC 9112), both roles: two MessageReaders, one ExchangeQueue, and what concerns
/// both directions at once: which one carries requests, bodies that depend on the request's method, and
/// connections that become something else (CONNECT, Upgrade).
class Parser final : public ProtocolParser, private Listener {
  public:
    Parser(ParserHost& host, const ParserLimits& limits);

    Status feed(Direction direction, ByteView bytes, Timestamp time) override;
    void gap(Direction direction, std::uint64_t bytes, Timestamp time) override;
    void end_of_stream(Direction direction, Timestamp time) override;
    void finish(Timestamp time) override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    /// Input that cannot be read yet.
    struct Held {
        Direction direction;
        Timestamp time;
        Bytes bytes;
        std::optional<std::uint64_t> gap;  ///< then no bytes
        std::size_t begin = 0;             ///< bytes of it that were read
    };
    /// Finds out which direction carries requests.
    struct Guess {
        explicit Guess(StartLineMatcher::Methods methods) : request(Kind::request, methods) {}
        StartLineMatcher request;
        StartLineMatcher status{Kind::response};
        bool request_possible = true;
        bool status_possible = true;
    };

    Destination on_head(Kind kind, Head&& head) override;
    bool on_end(Kind kind) override;
    void on_body_gap(Kind kind, std::uint64_t bytes) override;
    void on_broken(Kind kind, Head* head, const Breakage& breakage) override;
    void on_refused(Kind kind, Timestamp start, ByteView line) override;
    void on_lost(Kind kind, std::uint64_t bytes) override;

    Destination on_response_head(Head&& head);
    MessageReader& reader(Direction direction);
    bool guess(Direction direction, ByteView bytes);
    void guess_from_held();
    void set_request_direction(Direction direction);
    void read(Direction direction, ByteView bytes, Timestamp time);
    bool hold(Direction direction, ByteView bytes, Timestamp time, std::optional<std::uint64_t> gap);
    void release_guessed();
    void release_requests();
    bool drop_held();
    void switch_protocol(Direction direction, ByteView rest);
    bool waits(Direction direction) const;

    ParserHost& host_;
    ParserLimits limits_;
    ExchangeQueue queue_;
    MessageReader requests_;
    MessageReader responses_;
    std::array<Guess, 2> guesses_{Guess(StartLineMatcher::Methods::any),
                                  Guess(StartLineMatcher::Methods::any)};
    std::optional<Direction> request_direction_;
    Kind evidence_ = Kind::request;  ///< whose start line told
    /// In order of arrival: of both directions while none is known to carry requests, later of that one.
    std::deque<Held> held_;
    std::size_t held_bytes_ = 0;  ///< with what each entry costs
    bool sure_ = false;           ///< a whole header section made sense
    bool rejected_ = false;
    bool deciding_ = false;   ///< the last request may end HTTP on this connection; its response will tell
    bool switching_ = false;  ///< it did
    bool tunnel_ = false;     ///< by CONNECT: mostly TLS follows
    bool undecided_ = false;  ///< too much came to wait for that response
    std::unique_ptr<ProtocolParser> successor_;
};

}  // namespace sslsniff::http1
