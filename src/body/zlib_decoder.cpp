#include "body/zlib_decoder.h"

#include <algorithm>
#include <array>

namespace sslsniff {
namespace {

constexpr int kGzipBits = 16 + MAX_WBITS;
constexpr unsigned char kGzipMagic = 0x1F;

/// The header of RFC 1950 section 2.2: compression method 8, and a multiple of 31.
bool looks_like_zlib(ByteView bytes) {
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto second = static_cast<unsigned char>(bytes[1]);
    return (first & 0x0FU) == 8 && (first * 256U + second) % 31 == 0;
}

}  // namespace

ZlibDecoder::ZlibDecoder(Format format, int window_bits) : format_(format), window_bits_(window_bits) {
    // zlib's inflate does not do raw windows of 256 bytes; a larger one reads them too.
    const int bits = format == Format::gzip ? kGzipBits : -std::max(window_bits_, 9);
    failed_ = inflateInit2(&stream_, bits) != Z_OK;
}

ZlibDecoder::~ZlibDecoder() {
    inflateEnd(&stream_);
}

std::size_t ZlibDecoder::held() const {
    // zlib.h: "about 7 kilobytes" for inflate's state; the window is made when there is output.
    constexpr std::size_t kState = 7 * 1024;
    constexpr std::size_t kWindow = std::size_t{1} << MAX_WBITS;
    return sizeof(*this) + kState + (used_ ? kWindow : 0);
}

void ZlibDecoder::reset() {
    failed_ = inflateReset(&stream_) != Z_OK;
}

void ZlibDecoder::start(ByteView coded) {
    started_ = true;
    if (format_ == Format::deflate && looks_like_zlib(coded)) {
        failed_ = inflateReset2(&stream_, MAX_WBITS) != Z_OK;
    }
}

ContentDecoder::State ZlibDecoder::decode(ByteView coded, Bytes& out, std::size_t limit) {
    Bytes joined;
    if (format_ == Format::deflate && !started_) {
        first_.append(coded);
        if (first_.size() < 2) {
            return State::more;
        }
        joined.swap(first_);
        coded = joined;
        start(coded);
    }
    std::array<char, 16384> buffer{};
    for (;;) {
        if (between_members_) {
            if (coded.empty() || static_cast<unsigned char>(coded.front()) != kGzipMagic) {
                return State::ended;  // what follows is padding
            }
            between_members_ = false;
            reset();
        }
        if (failed_) {
            return State::damaged;
        }
        if (out.size() >= limit) {
            return State::full;
        }
        const std::size_t room = std::min(buffer.size(), limit - out.size());
        const std::size_t given = std::min<std::size_t>(coded.size(), UINT32_MAX);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
        stream_.avail_in = static_cast<uInt>(given);
        stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
        stream_.avail_out = static_cast<uInt>(room);
        const int result = inflate(&stream_, Z_SYNC_FLUSH);
        coded.remove_prefix(given - stream_.avail_in);
        out.append(buffer.data(), room - stream_.avail_out);
        used_ = used_ || stream_.avail_out < room;
        if (result == Z_STREAM_END) {
            if (format_ != Format::gzip) {
                failed_ = true;  // whatever follows is not ours
                return State::ended;
            }
            between_members_ = true;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            failed_ = true;
            return State::damaged;
        } else if (coded.empty() && stream_.avail_out > 0) {
            return State::more;
        }
    }
}

}  // namespace sslsniff
