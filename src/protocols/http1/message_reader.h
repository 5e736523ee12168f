#pragma once

#include <llhttp.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "protocols/http/http_exchange.h"
#include "protocols/http1/start_line.h"
#include "protocols/protocol.h"

namespace sslsniff::http1 {

/// Start line and header section of one message.
struct Head {
    Timestamp start;     ///< first byte
    std::string method;  ///< requests
    std::string target;  ///< requests
    std::uint16_t status = 0;
    std::string reason;   ///< responses
    std::string version;  ///< "HTTP/1.1"
    HttpHeaders headers;
    bool truncated = false;
    bool start_line_done = false;  ///< the start line is whole

    bool is_informational() const { return status / 100 == 1 && status != 101; }
};

/// Told by a reader what its direction says, in order. `kind` is the reader's.
class Listener {
  public:
    using Kind = StartLineMatcher::Kind;
    struct Destination {
        HttpMessage* message = nullptr;  ///< takes body and trailers until on_end or on_broken; may be null
        bool has_body = true;  ///< false: whatever the fields say, none follows (HEAD, 101, CONNECT)
    };
    /// Why a message cannot be finished.
    struct Breakage {
        enum class Cause : std::uint8_t { malformed, gap, ended };
        Cause cause;
        std::uint64_t missing;  ///< bytes
        std::string reason;     ///< for people: "gap in request body"
    };
    virtual ~Listener() = default;
    virtual Destination on_head(Kind kind, Head&& head) = 0;
    /// The message ended in order. False: the reader stops before the next byte.
    virtual bool on_end(Kind kind) = 0;
    /// Bytes are missing from the body in progress (0: nobody knows how many), which goes on after them.
    virtual void on_body_gap(Kind kind, std::uint64_t bytes) = 0;
    /// The message in progress cannot be finished. `head` is null when on_head already came for it; else it
    /// holds what was read so far, possibly nothing.
    virtual void on_broken(Kind kind, Head* head, const Breakage& breakage) = 0;
    /// A message began whose start line is no such line: `line` is what it begins with, without the line's
    /// end. What follows is lost until the next message.
    virtual void on_refused(Kind kind, Timestamp start, ByteView line) = 0;
    /// Whole messages may have passed unseen, in `bytes` bytes or more; 0 when nobody knows whether.
    virtual void on_lost(Kind kind, std::uint64_t bytes) = 0;
};

/// Reads the messages of one direction of an HTTP/1 connection (RFC 9112). llhttp does the grammar; this
/// class adds what an observer needs: unknown methods, bounds, gaps, and finding the next message after
/// something is lost.
///
/// Messages are parsed one at a time (llhttp starts afresh for each), so the reader always knows whether it
/// stands between messages (`idle`), in one (`method`, `parsing`) or nowhere (`lost`).
class MessageReader {
  public:
    using Kind = StartLineMatcher::Kind;
    MessageReader(Kind kind, Listener& listener, const ParserLimits& limits);
    MessageReader(const MessageReader&) = delete;
    MessageReader& operator=(const MessageReader&) = delete;

    /// Returns how many bytes were consumed: all, unless the listener said stop.
    std::size_t feed(ByteView bytes, Timestamp time);
    /// `bytes` bytes are missing, 0 when unknown.
    void gap(std::uint64_t bytes, Timestamp time);
    /// No more bytes will come; `orderly` when the stream was closed properly, which ends a body without
    /// length.
    void end(bool orderly, Timestamp time);

    Timestamp now() const { return now_; }

    /// Bytes of memory outside of itself; the message in progress is not its own.
    std::size_t held() const;
    /// Gives up what was read of a large header section. False when there is none.
    bool shed();

  private:
    enum class State : std::uint8_t { idle, method, parsing, refused, lost };
    enum class Framing : std::uint8_t { none, length, chunked, until_close };
    struct Callbacks;

    static const llhttp_settings_t& settings();

    void step(const char*& at, const char* end);
    void start_message(Timestamp start, bool found_by_search);
    void read_method(const char*& at, const char* end);
    void run_parser(const char*& at, const char* end);
    void search(const char*& at, const char* end);
    void note_skipping();
    void begin_candidate();
    bool replay_candidate();
    void note_line(const char* at, const char* end);
    void read_refused_line(const char*& at, const char* end);
    void complete();
    void refuse();
    void end_refused_line();
    void abandon(Listener::Breakage::Cause cause, std::uint64_t missing);
    void lose(std::uint64_t bytes);
    bool gap_in_body(std::uint64_t bytes);
    void miss(std::uint64_t bytes);

    std::size_t room();
    bool keeps_fields() const;
    void add_target(ByteView bytes);
    void add_field_name(ByteView bytes);
    void add_field_value(ByteView bytes);
    HttpHeaders& fields() { return head_done_ ? message_->trailers : head_.headers; }
    void describe_start_line();
    int finish_head();

    llhttp_t parser_{};
    Listener& listener_;
    const ParserLimits& limits_;
    Kind kind_;
    State state_ = State::idle;
    Framing framing_ = Framing::none;
    bool head_done_ = false;  ///< on_head was called for the message in progress
    bool in_chunk_ = false;   ///< between a chunk's size line and the line end after its data
    bool found_by_search_ = false;
    bool skipping_ = false;   ///< bytes passed since the reader was lost
    bool in_field_ = false;   ///< between the first byte of a field name and its colon
    bool truncated_ = false;  ///< fields of the current section are dropped
    bool stop_ = false;
    bool on_candidate_ = false;  ///< the matcher is on a candidate
    std::size_t body_limit_ = 0;
    HttpMessage* message_ = nullptr;
    Head head_;
    Bytes line_;         ///< of a start line in progress what is shown when it is none; its end included
    ByteView original_;  ///< of the target, what llhttp has a stand-in for just now
    StartLineMatcher matcher_;
    Bytes candidate_;  ///< bytes of the candidate from earlier chunks
    Timestamp candidate_time_;
    Timestamp now_;
};

}  // namespace sslsniff::http1
