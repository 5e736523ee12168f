#pragma once

#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/memory.h"
#include "protocols/dialogue/role_finder.h"

namespace sslsniff::dialogue {

/// Finds the next place where a message of one side begins, after bytes were lost or made no sense: the very
/// next byte, a later call's first one, or what follows a message that cannot be mistaken.
template <Tiles Tiling>
class Resync {
  public:
    explicit Resync(Side side) : side_(side), tiling_(side) {}
    /// Bytes were lost: start searching, or start anew.
    void lose() {
        searching_ = at_start_ = true;
        open_ = false;
        candidate_.clear();
        tail_.clear();
    }
    bool searching() const { return searching_; }
    /// `call_begins`: the bytes are the first that a call moved. When a place is found, the bytes from there
    /// on, which may be none; the search is over.
    std::optional<Bytes> find(ByteView bytes, bool call_begins) {
        if (!open_ && (at_start_ || call_begins)) {
            open_ = true;
            candidate_.clear();
            tiling_ = Tiling(side_);
        }
        at_start_ = false;
        Bytes failed;
        if (open_) {
            if (try_candidate(bytes)) {
                searching_ = open_ = false;
                return std::exchange(candidate_, {});
            }
            if (open_) {
                return std::nullopt;
            }
            failed = std::exchange(candidate_, {});
            bytes = failed;
        }
        Bytes all = std::move(tail_);
        all += bytes;
        tail_.clear();
        if (const std::size_t place = Tiling::behind_anchor(side_, all); place != ByteView::npos) {
            searching_ = false;
            return all.substr(place);
        }
        tail_ = all.substr(all.size() - std::min(all.size(), Tiling::kAnchorSize));
        return std::nullopt;
    }
    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(candidate_) + heap_bytes(tail_); }

  private:
    /// A candidate that takes more is believed when something in it was sure, or given up.
    static constexpr std::size_t kMost = std::size_t{32} * 1024;

    /// True when messages begin at the candidate.
    bool try_candidate(ByteView bytes) {
        candidate_ += bytes;
        tiling_.look(candidate_);
        if (tiling_.bad() || candidate_.size() > kMost) {
            open_ = false;
            return !tiling_.bad() && tiling_.sure() > 0;
        }
        return tiling_.sure() >= 2 || (tiling_.sure() == 1 && tiling_.exact());
    }

    Side side_;
    bool searching_ = false;
    bool at_start_ = false;  ///< no byte was seen since the loss
    bool open_ = false;      ///< there is a candidate
    Bytes candidate_;        ///< a place that may be right, and what followed
    Tiling tiling_;          ///< of it
    Bytes tail_;             ///< the end of what was seen: part of an anchor
};

}  // namespace sslsniff::dialogue
