#include "protocols/framed/resync.h"

#include <utility>

#include "base/give_back.h"

namespace sslsniff::framed {
namespace {

/// A candidate that is longer is given up, unless a telling message lies at its beginning.
constexpr std::size_t kMostKept = std::size_t{64} * 1024;

}  // namespace

void Resync::lose() {
    with_any_ = with_any_ && fresh_;
    open();
}

void Resync::join(bool with_any) {
    with_any_ = with_any;
    fresh_ = true;
    open();
}

void Resync::open() {
    searching_ = open_ = true;
    candidate_.clear();
    tiling_ = Tiling(framing_, side_);
}

std::optional<Bytes> Resync::find(ByteView bytes, bool call_begins) {
    fresh_ = false;
    if (!open_ && call_begins) {
        open();
    }
    if (!open_) {
        return std::nullopt;
    }
    candidate_ += bytes;
    tiling_.look(candidate_);
    const bool fits = (framing_.is_bare(side_) || with_any_) && tiling_.whole() >= 1 && tiling_.is_exact();
    const bool found = fits || tiling_.telling() >= 2 || (tiling_.telling() == 1 && tiling_.is_exact()) ||
                       (tiling_.telling() == 1 && candidate_.size() > kMostKept);
    if (found) {
        searching_ = open_ = false;
        return std::exchange(candidate_, {});
    }
    if (tiling_.is_bad() || candidate_.size() > kMostKept) {
        const bool later_call = call_begins && candidate_.size() > bytes.size();
        give_back(candidate_);
        open_ = false;
        return later_call ? find(bytes, true) : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace sslsniff::framed
