#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>

#include "base/bytes.h"
#include "model/connection.h"
#include "protocols/http2/half_connection.h"

namespace sslsniff::http2 {

/// Name of such a field, in a HEADERS frame on stream 0; its value is a stream's number.
inline constexpr std::string_view kGrpcStreamField = "sslsniff-grpc-stream";

/// The streams of a connection that are open, with what a dissector that begins in the middle of them needs:
/// the fields that say what they carry, and where the gRPC message ends that is under way. Bounded: streams
/// and fields beyond are left out.
class OpenStreams {
  public:
    /// `client`: the direction of the requests.
    explicit OpenStreams(Direction client) : client_(client) {}

    void on_headers(Direction direction, const HeaderSection& section);
    void on_data(Direction direction, const DataPiece& piece);
    void on_reset(std::uint32_t stream) { streams_.erase(stream); }
    /// Bytes of any stream may have passed unseen: nobody knows where messages end.
    void on_lost(Direction direction);

    /// Frames that open the streams again, as far as this direction goes: header sections with the mark
    /// "sslsniff-made-up", and the head of a gRPC message as long as the rest of the one under way. They
    /// leave header tables as they are.
    Bytes reopening(Direction direction) const;
    /// The same of one stream.
    Bytes reopening(Direction direction, std::uint32_t stream) const;

    /// Fields that name the open streams which carry gRPC, for who parses what follows.
    Bytes grpc_fields() const;

    /// A DATA frame with this payload comes next: what a stream is that is not known, when it may be the
    /// beginning of a gRPC message. False when it is not.
    bool assume_grpc(std::uint32_t stream, ByteView payload);

    /// Bytes of memory outside of itself.
    std::size_t held() const;

  private:
    /// gRPC messages in a sequence of DATA frames.
    struct Messages {
        Bytes head;              ///< of the message that begins, not whole yet
        std::uint64_t left = 0;  ///< bytes of the message under way
        bool known = true;
    };
    struct Half {
        Bytes block;  ///< fields, coded without a table; empty when they passed unseen
        bool is_grpc = false;
        bool has_ended = false;
        Messages messages;
    };
    struct Stream {
        std::array<Half, 2> halves;
    };

    static void follow(Messages& messages, ByteView bytes, std::uint64_t missing);
    Half& half(Stream& stream, Direction direction) const {
        return stream.halves[static_cast<std::size_t>(direction)];
    }
    bool is_over(const Stream& stream) const;

    Direction client_;
    std::map<std::uint32_t, Stream> streams_;
};

}  // namespace sslsniff::http2
