#pragma once

#include <cstdint>
#include <optional>

#include "model/connection.h"
#include "model/time.h"
#include "protocols/hpack/decoder.h"
#include "protocols/http2/frame_reader.h"

namespace sslsniff::http2 {

/// A header block with where it came from.
struct HeaderSection {
    std::uint32_t stream = 0;
    std::uint32_t promised = 0;  ///< the stream it opens, in PUSH_PROMISE; 0 otherwise
    bool end_stream = false;
    Timestamp start;  ///< of its first frame
    hpack::Block block;
};

/// Bytes of a DATA frame, see FrameListener::on_data.
struct DataPiece {
    std::uint32_t stream = 0;
    ByteView bytes;
    std::uint64_t missing = 0;
    bool end_stream = false;
};

/// Told by each half of a connection what it carries, in order.
class HalfListener {
  public:
    virtual ~HalfListener() = default;
    virtual void on_preface(Direction direction) = 0;
    virtual void on_headers(Direction direction, HeaderSection&& section, Timestamp time) = 0;
    virtual void on_data(Direction direction, const DataPiece& piece, Timestamp time) = 0;
    /// RST_STREAM; `code` is absent when it was lost.
    virtual void on_reset(Direction direction, std::uint32_t stream, std::optional<std::uint32_t> code,
                          Timestamp time) = 0;
    virtual void on_goaway(Direction direction, std::uint32_t last_stream, std::uint32_t code,
                           Timestamp time) = 0;
    /// The made-up header section on stream 0.
    virtual void on_context(const hpack::Block& /*block*/) {}
    /// Frames of any stream may have passed unseen.
    virtual void on_lost(Direction direction, Timestamp time) = 0;
};

/// One direction of an HTTP/2 connection: frames, and header blocks put together and decoded.
class HalfConnection final : private FrameListener {
  public:
    /// `max_headers` bounds a header block, coded and decoded.
    HalfConnection(HalfListener& listener, Direction direction, std::size_t max_headers);

    void feed(ByteView bytes, Timestamp time);
    /// See FrameReader. As the first of all, it says that frames may have passed before.
    void gap(std::uint64_t bytes, Timestamp time);
    /// Before any byte: the other direction shows that the connection begins here after all.
    void begins_here();
    /// Before any byte: what comes may begin anywhere in a frame.
    void begins_within();
    /// See FrameReader.
    bool synchronised() const { return reader_.synchronised(); }
    void resynchronise() { reader_.resynchronise(); }
    /// The header block and the frame that are under way, see FrameReader.
    Bytes unfinished() const;
    const hpack::Decoder& decoder() const { return decoder_; }

    bool has_bytes() const { return has_bytes_; }

    /// Bytes passed over in search of frames.
    std::uint64_t skipped() const { return reader_.skipped(); }
    /// See FrameReader.
    std::uint64_t strange() const { return reader_.strange(); }
    /// Well-formed frames were seen.
    bool has_frames() const { return has_frames_; }

    /// Bytes of memory outside of itself.
    std::size_t held() const;
    /// Gives up what is kept of the header block and the frame under way. False when there was nothing to
    /// lose.
    bool shed();

  private:
    struct OpenBlock {
        HeaderSection section;
        Bytes bytes;
        std::uint64_t missing = 0;
    };

    void on_preface(Timestamp time) override;
    void on_frame(const FrameHeader& header, ByteView payload, std::uint64_t missing,
                  Timestamp time) override;
    void on_data(const FrameHeader& header, ByteView bytes, std::uint64_t missing, bool last,
                 Timestamp time) override;
    void on_lost(Timestamp time) override;

    void read_headers(const FrameHeader& header, ByteView payload, std::uint64_t missing, Timestamp time);
    void read_continuation(const FrameHeader& header, ByteView payload, std::uint64_t missing,
                           Timestamp time);
    void end_block(HeaderSection section, ByteView bytes, bool whole, Timestamp time);
    void abandon_block(Timestamp time);

    HalfListener& listener_;
    Direction direction_;
    std::size_t max_headers_;
    bool has_bytes_ = false;
    bool has_frames_ = false;
    hpack::Decoder decoder_;
    FrameReader reader_;
    std::optional<OpenBlock> open_;  ///< continues in the next frame
};

}  // namespace sslsniff::http2
