#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/memory.h"
#include "protocols/dialogue/client_finder.h"
#include "protocols/dialogue/frame_reader.h"
#include "protocols/dialogue/resync.h"
#include "protocols/protocol.h"

namespace sslsniff::dialogue {

/// What pairs requests with answers.
template <class T>
concept Matches = requires(T matcher, const T& done, std::string_view why, std::size_t bytes) {
    matcher.joined_midstream();  // what passed before is not known
    matcher.requests_lost();     // some were not seen
    matcher.replies_lost(why);
    matcher.finish();
    { done.emitted() } -> std::convertible_to<std::uint64_t>;  // exchanges so far
    { done.held() } -> std::same_as<std::size_t>;
    { matcher.give_up(bytes) } -> std::same_as<std::uint64_t>;
};

/// The parser of a protocol in which a client and a server speak in messages that lie end to end: finds out
/// who is the client, and its way back after gaps and bytes that make no sense. What is derived from it reads
/// the messages.
template <Tiles Tiling, Matches Matcher>
class DialogueParser : public ProtocolParser {
  public:
    Status feed(Direction direction, ByteView bytes, Timestamp time) final {
        if (rejected_) {
            return Status::rejected;
        }
        if (bytes.empty() || over_) {
            return Status::ok;
        }
        return client_ ? feed_side(side_of(direction), bytes, time) : find_client(direction, bytes, time);
    }

    void gap(Direction direction, std::uint64_t bytes, Timestamp /*time*/) final {
        if (rejected_ || over_) {
            return;
        }
        if (!client_) {
            finder_.lose(direction);
            join_midstream();
            on_joined();
            return;
        }
        const Side side = side_of(direction);
        if (half(side).resync.searching()) {
            half(side).resync.lose();
        } else if (!skip(side, bytes)) {
            lose_place(side, "gap in stream");
        }
    }

    void end_of_stream(Direction /*direction*/, Timestamp /*time*/) final {
        // Messages are delimited by themselves; what is unfinished is told by finish().
    }
    void finish(Timestamp /*time*/) final {
        if (!rejected_ && client_) {
            matcher_.finish();
        }
    }
    std::uint64_t give_up(std::size_t bytes) final { return matcher_.give_up(bytes); }

  protected:
    using Begins = ClientFinder<Tiling>::Begins;

    /// `max_body`: bytes kept of each message. `not_the_protocol`: the reason given for exchanges that end at
    /// bytes which make no sense; lives forever.
    DialogueParser(ParserHost& host, const ParserLimits& limits, std::size_t max_body, Begins begins,
                   std::string_view not_the_protocol)
        : host_(host),
          matcher_(host, limits),
          not_the_protocol_(not_the_protocol),
          halves_{Half(Side::client, max_body), Half(Side::server, max_body)},
          finder_(begins) {
        if (host.connection().midstream) {
            join_midstream();
        }
    }

    /// What a side said next.
    virtual Status feed_side(Side side, ByteView bytes, Timestamp time) {
        return resynchronise(side, bytes, time);
    }
    /// Messages of a side whose place is known, cut anywhere. Ends with lose() where they make no sense.
    virtual Status feed_messages(Side side, ByteView bytes, Timestamp time) = 0;
    /// `bytes` are missing of what a side said. False when the place in its stream is lost with them.
    virtual bool skip(Side side, std::uint64_t bytes) { return reader(side).skip(bytes); }
    /// The place in what a side says is lost, and is searched.
    virtual void on_place_lost(Side /*side*/) {}
    /// It is not the beginning of the connection that is seen, after all.
    virtual void on_joined() {}

    /// feed_messages(), from the next message on where the place is lost.
    Status resynchronise(Side side, ByteView bytes, Timestamp time) {
        Resync<Tiling>& resync = half(side).resync;
        if (!resync.searching()) {
            return feed_messages(side, bytes, time);
        }
        const std::optional<Bytes> rest = resync.find(bytes, host_.call().begins);
        return rest ? feed_messages(side, *rest, time) : Status::ok;
    }
    /// What came is no message: looks for the next one.
    Status lose(Side side) {
        if (matcher_.emitted() == 0 && !midstream_) {
            rejected_ = true;
            return Status::rejected;
        }
        lose_place(side, not_the_protocol_);
        return Status::strange;
    }
    /// TLS or something else follows that this parser does not read.
    void end() { over_ = true; }
    bool is_over() const { return over_; }

    void set_client(Direction client) {
        client_ = client;
        host_.set_role(client == Direction::sent ? Role::client : Role::server);
    }
    /// Once it is known: not before feed_side().
    Direction client() const { return *client_; }
    /// Ends this parser at `rest`, which a side has said behind the last message: TLS begins there.
    void begin_tls(std::shared_ptr<const ParserSession> session, Side side, ByteView rest) {
        end();
        const bool is_sent = side == side_of(Direction::sent);
        host_.begin_tls(std::move(session), is_sent ? rest : ByteView(), is_sent ? ByteView() : rest);
    }

    FrameReader& reader(Side side) { return half(side).reader; }
    Matcher& matcher() { return matcher_; }
    const Matcher& matcher() const { return matcher_; }
    /// Bytes of memory outside of itself.
    std::size_t held_outside() const {
        std::size_t held = matcher_.held() + finder_.held();
        for (const Half& half : halves_) {
            held += half.reader.held() + half.resync.held();
        }
        return held;
    }

  private:
    struct Half {
        Half(Side side, std::size_t max_body) : reader(max_body), resync(side) {}
        FrameReader reader;
        Resync<Tiling> resync;
    };
    using Finder = ClientFinder<Tiling>;

    Side side_of(Direction direction) const { return direction == *client_ ? Side::client : Side::server; }
    Half& half(Side side) { return halves_[static_cast<std::size_t>(side)]; }

    void join_midstream() {
        midstream_ = true;
        matcher_.joined_midstream();
        for (Half& half : halves_) {
            half.resync.lose();
        }
    }

    /// Holds what comes until it shows who asks.
    Status find_client(Direction direction, ByteView bytes, Timestamp time) {
        switch (finder_.add(direction, bytes, time, host_.connection().role, midstream_)) {
            case Finder::State::unknown:
                return Status::ok;
            case Finder::State::refused:
                rejected_ = true;
                return Status::rejected;
            case Finder::State::known:
                break;
        }
        set_client(finder_.client());
        Status status = Status::ok;
        for (const typename Finder::Early& early : finder_.take()) {
            status = std::max(status, feed(early.direction, early.bytes, early.time));
        }
        return status;
    }

    void lose_place(Side side, std::string_view why) {
        reader(side).reset();
        half(side).resync.lose();
        on_place_lost(side);
        if (side == Side::client) {
            matcher_.requests_lost();
        } else {
            matcher_.replies_lost(why);
        }
    }

    ParserHost& host_;
    Matcher matcher_;
    std::string_view not_the_protocol_;
    std::array<Half, 2> halves_;  ///< by Side
    Finder finder_;
    std::optional<Direction> client_;
    bool midstream_ = false;
    bool over_ = false;
    bool rejected_ = false;
};

}  // namespace sslsniff::dialogue
