#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/memory.h"
#include "model/time.h"
#include "protocols/http2/frame.h"
#include "protocols/http2/frame_boundary_search.h"

namespace sslsniff::http2 {

/// Told by a reader what its direction carries, in order.
class FrameListener {
  public:
    virtual ~FrameListener() = default;
    /// The client's connection preface: the connection starts here.
    virtual void on_preface(Timestamp time) = 0;
    /// A frame other than DATA. `missing` bytes at the end of the payload were lost or are not kept.
    virtual void on_frame(const FrameHeader& header, ByteView payload, std::uint64_t missing,
                          Timestamp time) = 0;
    /// The next bytes of a DATA frame, without padding; called at least once for each frame, `last` with the
    /// end of it. `missing` bytes were lost behind `bytes`.
    virtual void on_data(const FrameHeader& header, ByteView bytes, std::uint64_t missing, bool last,
                         Timestamp time) = 0;
    /// Frames may have passed unseen, or pass so until the next call.
    virtual void on_lost(Timestamp time) = 0;
};

/// Cuts one direction of a connection into frames (RFC 9113 section 4). DATA is passed through, never
/// collected. Where the boundaries are not known (the capture joined in mid-stream, bytes are missing, or
/// what came is no frame) it looks for them (FrameBoundarySearch).
class FrameReader {
  public:
    /// `max_payload`: bytes kept of a frame other than DATA.
    FrameReader(FrameListener& listener, std::size_t max_payload);

    void feed(ByteView bytes, Timestamp time);
    /// `bytes` are missing, 0 when nobody knows how many.
    void gap(std::uint64_t bytes, Timestamp time);

    /// Before any byte was fed: the first ones may be anything, or, as is assumed at first, they are not.
    void set_midstream(bool midstream) { midstream_ = midstream; }

    /// False while frame boundaries are not known.
    bool synchronised() const { return state_ != State::search; }
    /// The bytes that follow begin a frame.
    void resynchronise();
    /// What a reader would have to be given, after a frame's end, to be where this one is: the beginning of a
    /// frame, less what it carried of DATA.
    Bytes unfinished() const;
    /// Bytes passed over in search of a boundary.
    std::uint64_t skipped() const { return skipped_; }
    /// How often what should have been a frame was none.
    std::uint64_t strange() const { return strange_; }

    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(pending_) + (search_ ? search_->held() : 0); }
    /// Gives up what is kept of the frame under way, whose payload then counts as missing. False when there
    /// was nothing to lose.
    bool shed();

  private:
    enum class State : std::uint8_t { start, header, payload, search };

    std::size_t step(ByteView bytes, Timestamp time);
    std::size_t read_start(ByteView bytes, Timestamp time);
    std::size_t read_header(ByteView bytes, Timestamp time);
    std::size_t read_payload(ByteView bytes, Timestamp time);
    void read_data(ByteView bytes, Timestamp time);
    void end_payload(Timestamp time);
    void search(ByteView bytes, Timestamp time);
    void lose(bool aligned, Timestamp time);

    FrameListener& listener_;
    std::size_t max_payload_;
    State state_;
    bool midstream_ = false;
    Bytes pending_;  ///< of the preface or a frame header, or payload of a frame that is collected
    FrameHeader header_;
    std::uint32_t left_ = 0;           ///< bytes of the payload still to come
    std::uint32_t padding_ = 0;        ///< of these, padding at the end
    bool pad_length_pending_ = false;  ///< the next byte of DATA is the Pad Length
    std::uint64_t missing_ = 0;        ///< bytes of the frame that are not in pending_
    std::optional<FrameBoundarySearch> search_;
    std::uint64_t skipped_ = 0;
    std::uint64_t strange_ = 0;
};

}  // namespace sslsniff::http2
