#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "protocols/redis/resp_builder.h"

namespace sslsniff::redis {

/// Cuts one direction into RESP values, in any chunking, copying only what is kept.
class RespReader {
  public:
    /// `requests`: only arrays of bulk strings, or inline commands (a line of words).
    enum class Grammar : std::uint8_t { requests, replies };
    enum class Result : std::uint8_t { need_more, value, malformed };

    RespReader(Grammar grammar, const RespLimits& limits) : grammar_(grammar), builder_(limits) {}

    /// Takes bytes from the front of `bytes` up to the end of one value. After `malformed` call reset().
    Result read(ByteView& bytes);
    /// The value that read() finished.
    RespValue take() { return builder_.take(); }
    /// `bytes` are missing here. True when they lie within the payload of a string, so that the position in
    /// the value is still known.
    bool skip(std::uint64_t bytes);
    /// True between two values.
    bool at_boundary() const { return state_ == State::start && open_.empty() && builder_.wire_size() == 0; }
    /// What was read of the unfinished value; begins anew.
    RespValue abandon();
    void reset() { abandon(); }

    /// Bytes of memory outside of itself.
    std::size_t held() const { return builder_.held() + heap_bytes(line_) + heap_bytes(open_); }
    /// See RespBuilder.
    bool shed() { return builder_.shed(); }

  private:
    enum class State : std::uint8_t { start, number, text, inline_command, payload, payload_end };
    enum class Step : std::uint8_t { more, done, malformed };
    struct Open {
        std::uint64_t left = 0;  ///< values still to come directly below; for streamed ones: seen so far
        std::uint32_t node = 0;  ///< as RespBuilder::add() returned it
        bool streamed = false;
        bool attribute = false;
    };

    Step step(ByteView& bytes);
    Step start(ByteView& bytes);
    Step on_number(ByteView& bytes);
    Step on_text(ByteView& bytes);
    Step on_inline(ByteView& bytes);
    Step on_payload(ByteView& bytes);
    Step on_payload_end(ByteView& bytes);
    Step header(ByteView line);
    Step scalar(RespType type, ByteView text);
    Step string_header(RespType type, ByteView line);
    Step aggregate_header(RespType type, ByteView line);
    Step chunk_header(ByteView line);
    Step close_streamed();
    Step complete();
    ByteView consume(ByteView& bytes, std::size_t count);

    Grammar grammar_;
    State state_ = State::start;
    char type_ = 0;                 ///< first byte of the current line
    std::string line_;              ///< part of a line that earlier chunks held
    std::uint64_t left_ = 0;        ///< bytes of payload, or of its CRLF, still to come
    bool string_streamed_ = false;  ///< inside `$?`
    bool cr_ = false;               ///< the last byte of a text was CR
    std::vector<Open> open_;
    RespBuilder builder_;
};

}  // namespace sslsniff::redis
