#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/time.h"
#include "protocols/http2/evidence.h"

namespace sslsniff::http2 {

/// Finds the frame boundaries in octets that may begin anywhere in a stream of frames.
///
/// Every offset at which a valid frame header may stand starts a chain: the next header must follow right
/// behind the payload, and so on. Each header, and each payload whose content can be checked, is worth as
/// many bits of evidence as it takes luck to look like that. The first chain with enough bits wins; which
/// one that is does not depend on how the octets are cut.
class Tiling {
  public:
    static constexpr unsigned kEnough = 40;
    /// What is kept while searching. Chains over larger frames are followed all the same, but frames whose
    /// beginning has left the window are lost.
    static constexpr std::size_t kWindow = std::size_t{64} * 1024;

    /// `aligned_start`: octet 0 is the first of a call of the application, likely that of a frame. `noise`:
    /// what surrounds frames; where it is not known that there are any, one frame proves them only by the
    /// fields of its header block.
    explicit Tiling(bool aligned_start, Noise noise = Noise::payload)
        : aligned_start_(aligned_start), noise_(noise) {}

    /// Takes more octets; true when the boundaries are found.
    bool add(ByteView octets, Timestamp time);

    struct Piece {
        Bytes octets;
        Timestamp time;
    };
    /// After success: the octets kept, from a frame boundary on.
    std::vector<Piece> take();
    /// Octets that were skipped: before the boundary, or so far.
    std::uint64_t skipped() const;

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

    bool is_enough(const Chain& chain) const;
    bool settle(Chain& chain);
    Step follow(Chain& chain) const;
    bool check_payload(Chain& chain) const;
    bool check_header(Chain& chain) const;
    void start_chains();
    void trim();
    std::uint64_t end() const { return base_ + window_.size(); }
    ByteView view(std::uint64_t position) const { return ByteView(window_).substr(position - base_); }

    bool aligned_start_;
    Noise noise_;
    std::uint64_t base_ = 0;     ///< position of the first octet in window_
    std::uint64_t scanned_ = 0;  ///< chains were started at all positions before
    Bytes window_;
    std::deque<std::pair<std::uint64_t, Timestamp>> times_;  ///< from which position on octets came when
    std::vector<Chain> chains_;
    std::optional<std::uint64_t> found_;  ///< position of the boundary
    std::uint64_t needed_ = 0;            ///< octets up to here proved it
};

}  // namespace sslsniff::http2
