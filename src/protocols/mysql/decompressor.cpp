#include "protocols/mysql/decompressor.h"

#include <algorithm>

#include "base/endian.h"
#include "body/body_decoder.h"

namespace sslsniff::mysql {
namespace {

constexpr std::size_t kFrameHeader = 7;

}  // namespace

void Decompressor::reset() {
    header_.clear();
    left_ = plain_ = 0;
    decoder_.reset();
}

std::size_t Decompressor::held() const {
    return heap_bytes(header_) + (decoder_ ? decoder_->held() : 0);
}

/// Of the header in `header_`.
bool Decompressor::begin_frame() {
    left_ = load_le<std::uint32_t>(header_) & kMostInPacket;
    plain_ = load_le<std::uint32_t>(header_, 3) >> 8U;
    header_.clear();
    if (left_ == 0) {
        return false;
    }
    if (plain_ != 0) {
        decoder_ = make_content_decoder(compression_ == Compression::zstd ? "zstd" : "deflate");
    }
    return true;
}

bool Decompressor::expand(ByteView bytes, Bytes& out) {
    const std::size_t before = out.size();
    const auto state = decoder_->decode(bytes, out, before + plain_ + 1);
    const std::size_t more = out.size() - before;
    if (more > plain_ || state == ContentDecoder::State::damaged) {
        return false;
    }
    plain_ -= static_cast<std::uint32_t>(more);
    produced_ += more;
    return produced_ <= kStreamLimits.grace + kStreamLimits.max_ratio * given_;
}

bool Decompressor::feed(ByteView bytes, Bytes& out) {
    while (!bytes.empty()) {
        if (left_ == 0) {
            const std::size_t taken = std::min(kFrameHeader - header_.size(), bytes.size());
            header_.append(bytes.substr(0, taken));
            bytes.remove_prefix(taken);
            if (header_.size() < kFrameHeader) {
                return true;
            }
            if (!begin_frame()) {
                return false;
            }
            continue;
        }
        const ByteView here = bytes.substr(0, left_);
        bytes.remove_prefix(here.size());
        left_ -= static_cast<std::uint32_t>(here.size());
        given_ += here.size();
        if (!decoder_) {
            out += here;
        } else if (!expand(here, out)) {
            return false;
        }
        if (left_ == 0) {
            decoder_.reset();
        }
    }
    return true;
}

}  // namespace sslsniff::mysql
