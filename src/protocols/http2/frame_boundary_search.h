#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/memory.h"
#include "model/time.h"
#include "protocols/http2/evidence.h"

namespace sslsniff::http2 {

/// Finds the frame boundaries in bytes that may begin anywhere in a stream of frames.
///
/// Every offset at which a valid frame header may stand starts a chain: the next header must follow right
/// behind the payload, and so on. Each header, and each payload whose content can be checked, is worth as
/// many bits of evidence as it takes luck to look like that. The first chain with enough bits wins; which
/// one that is does not depend on how the bytes are cut.
class FrameBoundarySearch {
  public:
    static constexpr unsigned kEnough = 40;
    /// What is kept while searching. Chains over larger frames are followed all the same, but frames whose
    /// beginning has left the window are lost.
    static constexpr std::size_t kWindow = std::size_t{64} * 1024;

    /// `aligned_start`: byte 0 is the first of a call of the application, likely that of a frame. `noise`:
    /// what surrounds frames; where it is not known that there are any, one frame proves them only by the
    /// fields of its header block.
    /// `first_only`: frames begin at byte 0 or nowhere.
    explicit FrameBoundarySearch(bool aligned_start, Noise noise = Noise::payload, bool first_only = false)
        : aligned_(aligned_start ? 0 : kNothing), first_only_(first_only), noise_(noise) {}

    /// The bytes that are added next are the first of a call.
    void align() { aligned_ = end(); }
    /// Takes more bytes; true when the boundaries are found.
    bool add(ByteView bytes, Timestamp time);

    struct Piece {
        Bytes bytes;
        Timestamp time;
    };
    /// After success: the bytes kept, from a frame boundary on.
    std::vector<Piece> take();
    /// Bytes that were skipped: before the boundary, or so far.
    std::uint64_t skipped() const;
    /// After success: a header block was among the frames that proved it.
    bool has_block() const { return found_block_; }
    /// False when frames that begin at byte 0 alone count and there are none.
    bool possible() const { return !first_only_ || end() < kFrameHeaderSize || !chains_.empty(); }
    /// Bytes of memory outside of itself, about.
    std::size_t held() const {
        constexpr std::size_t kTimes = 608;  // of a deque with one block
        return heap_bytes(window_) + heap_bytes(chains_) + (times_.empty() ? 0 : kTimes);
    }

  private:
    struct Chain {
        std::uint64_t start = 0;    ///< position of its first header
        std::uint64_t latest = 0;   ///< position of its latest header
        std::uint64_t next = 0;     ///< position of the header that must follow
        std::uint64_t checked = 0;  ///< end of the latest payload that was checked
        std::uint32_t stream = 0;   ///< of the latest frame
        unsigned bits = 0;
        unsigned frames = 0;
        bool has_block = false;   ///< a header block was checked
        bool unchecked = false;   ///< the latest frame's payload is still to be checked
        bool open_block = false;  ///< a CONTINUATION must follow
    };
    enum class Step : std::uint8_t { wait, rejected, enough };
    static constexpr std::uint64_t kNothing = std::numeric_limits<std::uint64_t>::max();

    bool is_enough(const Chain& chain) const;
    void settle_all();
    bool settle(Chain& chain);
    static std::uint64_t waits_for(const Chain& chain);
    Step follow(Chain& chain) const;
    bool check_payload(Chain& chain) const;
    bool check_header(Chain& chain) const;
    void start_chains();
    void trim();
    std::uint64_t end() const { return base_ + window_.size(); }
    ByteView view(std::uint64_t position) const { return ByteView(window_).substr(position - base_); }

    std::uint64_t aligned_;  ///< a call began there
    bool first_only_;
    Noise noise_;
    std::uint64_t base_ = 0;     ///< position of the first byte in window_
    std::uint64_t scanned_ = 0;  ///< chains were started at all positions before
    Bytes window_;
    std::deque<std::pair<std::uint64_t, Timestamp>> times_;  ///< from which position on bytes came when
    std::vector<Chain> chains_;
    std::uint64_t wanted_ = kNothing;     ///< with bytes up to here a chain can be followed further
    std::optional<std::uint64_t> found_;  ///< position of the boundary
    std::uint64_t needed_ = 0;            ///< bytes up to here proved it
    bool found_block_ = false;
};

}  // namespace sslsniff::http2
