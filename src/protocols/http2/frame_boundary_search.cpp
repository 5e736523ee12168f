#include "protocols/http2/frame_boundary_search.h"

#include <algorithm>

#include "protocols/http2/evidence.h"
#include "protocols/http2/frame.h"

namespace sslsniff::http2 {
namespace {

constexpr unsigned kAlignedBits = 16;
constexpr unsigned kAlignedBitsInBinary = 13;  // other protocols have messages at the beginning of calls too
constexpr unsigned kSameStreamBits = 12;
/// Payloads up to this size are waited for and checked; those of greater frames are passed over.
constexpr std::uint32_t kMaxChecked = 16384;
constexpr std::size_t kMaxChains = 256;

/// False for most bytes: no chain may begin at a header of other types, with flags that none of them has
/// or with the reserved bit.
bool may_be_header(const char* bytes) {
    constexpr unsigned kFlags = kEndStream | kEndHeaders | kPadded | kPriority;
    const auto at = [&](std::size_t index) -> unsigned { return static_cast<unsigned char>(bytes[index]); };
    return at(3) <= static_cast<unsigned>(FrameType::continuation) && (at(4) & ~kFlags) == 0 && at(5) < 0x80;
}

bool is_checked(const FrameHeader& header) {
    return header.type != FrameType::data && header.length <= kMaxChecked;
}

}  // namespace

bool FrameBoundarySearch::is_enough(const Chain& chain) const {
    const bool proved = noise_ == Noise::payload || chain.has_block || chain.frames > 1;
    return chain.bits >= kEnough && !chain.unchecked && proved;
}

bool FrameBoundarySearch::add(ByteView bytes, Timestamp time) {
    if (times_.empty() || times_.back().second != time) {
        times_.emplace_back(end(), time);
    }
    window_.append(bytes);
    if (end() >= wanted_) {
        settle_all();
    }
    start_chains();
    if (!found_) {
        trim();
    }
    return found_.has_value();
}

void FrameBoundarySearch::settle_all() {
    wanted_ = kNothing;
    std::erase_if(chains_, [&](Chain& chain) {
        const bool waits = settle(chain);
        wanted_ = waits ? std::min(wanted_, waits_for(chain)) : wanted_;
        return !waits;
    });
}

std::uint64_t FrameBoundarySearch::waits_for(const Chain& chain) {
    return chain.unchecked ? chain.next : chain.next + kFrameHeaderSize;
}

void FrameBoundarySearch::start_chains() {
    for (; scanned_ + kFrameHeaderSize <= end(); ++scanned_) {
        if (first_only_ && scanned_ != 0) {
            scanned_ = end();
            return;
        }
        if (!may_be_header(window_.data() + (scanned_ - base_))) {
            continue;
        }
        const FrameHeader header = parse_frame_header(view(scanned_));
        if (!is_valid(header) || !may_begin_chain(header)) {
            continue;
        }
        Chain chain;
        chain.start = chain.next = chain.latest = scanned_;
        if (scanned_ == aligned_) {
            chain.bits = noise_ == Noise::payload ? kAlignedBits : kAlignedBitsInBinary;
        }
        if (!settle(chain)) {
            continue;
        }
        chains_.push_back(chain);
        wanted_ = std::min(wanted_, waits_for(chain));
        if (chains_.size() > kMaxChains) {
            chains_.erase(std::ranges::max_element(chains_, {}, &Chain::next));
        }
    }
}

/// Follows the chain as far as the bytes allow; false when it has come to its end.
bool FrameBoundarySearch::settle(Chain& chain) {
    const Step step = follow(chain);
    if (step == Step::enough) {
        // The winner is the chain that needed the fewest bytes: the same however they are cut.
        const std::uint64_t needed =
            std::min(chain.next, std::max(chain.checked, chain.latest + kFrameHeaderSize));
        if (!found_ || needed < needed_) {
            needed_ = needed;
            found_ = chain.start >= base_ ? chain.start : chain.latest;  // or it has left the window
            found_block_ = chain.has_block;
        }
    }
    return step == Step::wait;
}

FrameBoundarySearch::Step FrameBoundarySearch::follow(Chain& chain) const {
    for (;;) {
        if (chain.unchecked) {
            if (chain.next > end()) {
                return Step::wait;
            }
            if (!check_payload(chain)) {
                return Step::rejected;
            }
        } else {
            if (chain.next + kFrameHeaderSize > end()) {
                return Step::wait;
            }
            if (!check_header(chain)) {
                return Step::rejected;
            }
        }
        if (is_enough(chain)) {
            return Step::enough;
        }
    }
}

bool FrameBoundarySearch::check_header(Chain& chain) const {
    const FrameHeader header = parse_frame_header(view(chain.next));
    const unsigned bits = header_evidence(header, noise_);
    const bool continuation = header.type == FrameType::continuation;
    if (!is_valid(header) || bits == 0 || (chain.open_block && !continuation) ||
        (continuation && chain.start != chain.next && !chain.open_block)) {
        return false;
    }
    const bool same_stream = header.stream != 0 && header.stream == chain.stream;
    if (chain.open_block && !same_stream) {
        return false;
    }
    chain.bits += bits + (same_stream ? kSameStreamBits : 0);
    ++chain.frames;
    chain.stream = header.stream;
    chain.open_block = opens_block(header) || (continuation && !header.has(kEndHeaders));
    chain.unchecked = is_checked(header);
    chain.latest = chain.next;
    chain.next += kFrameHeaderSize + header.length;
    return true;
}

bool FrameBoundarySearch::check_payload(Chain& chain) const {
    const ByteView bytes = view(chain.latest);
    const FrameHeader header = parse_frame_header(bytes);
    const std::optional<unsigned> bits =
        payload_evidence(header, bytes.substr(kFrameHeaderSize, header.length), noise_);
    chain.bits += bits.value_or(0);
    chain.has_block = chain.has_block || (header.type == FrameType::headers && bits.value_or(0) != 0);
    chain.unchecked = false;
    chain.checked = chain.next;
    return bits.has_value();
}

void FrameBoundarySearch::trim() {
    if (window_.size() < 2 * kWindow) {
        return;
    }
    const std::size_t drop = window_.size() - kWindow;
    window_.erase(0, drop);
    base_ += drop;
    while (times_.size() > 1 && times_[1].first <= base_) {
        times_.pop_front();
    }
}

std::vector<FrameBoundarySearch::Piece> FrameBoundarySearch::take() {
    std::vector<Piece> pieces;
    const std::uint64_t from = found_.value_or(end());
    for (std::size_t i = 0; i < times_.size(); ++i) {
        const std::uint64_t begin = std::max(times_[i].first, from);
        const std::uint64_t stop = i + 1 < times_.size() ? times_[i + 1].first : end();
        if (begin < stop) {
            pieces.push_back({Bytes(view(begin).substr(0, stop - begin)), times_[i].second});
        }
    }
    return pieces;
}

std::uint64_t FrameBoundarySearch::skipped() const {
    return found_.value_or(end());
}

}  // namespace sslsniff::http2
