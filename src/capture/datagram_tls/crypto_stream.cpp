#include "capture/datagram_tls/crypto_stream.h"

#include <algorithm>

#include "capture/datagram_tls/varint.h"

namespace sslsniff {
namespace {

// Frames of Initial packets: RFC 9000 section 12.4
constexpr std::uint64_t kPadding = 0;
constexpr std::uint64_t kPing = 1;
constexpr std::uint64_t kAck = 2;
constexpr std::uint64_t kAckWithEcn = 3;
constexpr std::uint64_t kCrypto = 6;

constexpr std::size_t kMessageHeader = 4;

/// Several integers; false when there are fewer.
bool skip_varints(ByteView& bytes, std::uint64_t count) {
    while (count > 0 && take_quic_varint(bytes)) {
        --count;
    }
    return count == 0;
}

/// RFC 9000 section 19.3
bool skip_ack(ByteView& bytes, bool with_ecn) {
    if (!skip_varints(bytes, 2)) {  // largest acknowledged, delay
        return false;
    }
    const auto ranges = take_quic_varint(bytes);
    // Each range takes 2 bytes at least, so this ends with the bytes.
    return ranges && *ranges <= bytes.size() && skip_varints(bytes, 1 + 2 * *ranges) &&
           (!with_ecn || skip_varints(bytes, 3));
}

}  // namespace

void QuicCryptoStream::add_frames(ByteView frames) {
    while (!frames.empty()) {
        const auto type = take_quic_varint(frames);
        if (!type) {
            return;
        }
        if (*type == kCrypto) {
            const auto offset = take_quic_varint(frames);
            const auto size = take_quic_varint(frames);
            if (!offset || !size || frames.size() < *size) {
                return;
            }
            add(*offset, frames.substr(0, static_cast<std::size_t>(*size)));
            frames.remove_prefix(static_cast<std::size_t>(*size));
        } else if (*type == kAck || *type == kAckWithEcn) {
            if (!skip_ack(frames, *type == kAckWithEcn)) {
                return;
            }
        } else if (*type != kPadding && *type != kPing) {
            return;
        }
    }
}

void QuicCryptoStream::add(std::uint64_t offset, ByteView data) {
    if (is_complete() || offset > kMostBytes || data.size() > kMostBytes - offset || data.empty()) {
        return;
    }
    if (offset > message_.size()) {
        if (waiting_.size() >= kMostPieces || waiting_bytes_ + data.size() > kMostBytes) {
            return;
        }
        const auto [piece, is_new] = waiting_.try_emplace(offset, data);
        if (!is_new && piece->second.size() < data.size()) {
            waiting_bytes_ += data.size() - piece->second.size();
            piece->second = data;
        } else if (is_new) {
            waiting_bytes_ += data.size();
        }
        return;
    }
    const std::size_t known = message_.size() - static_cast<std::size_t>(offset);
    message_.append(data.substr(std::min(known, data.size())));
    while (!waiting_.empty() && waiting_.begin()->first <= message_.size()) {
        const auto piece = waiting_.extract(waiting_.begin());
        waiting_bytes_ -= piece.mapped().size();
        const std::size_t there = message_.size() - static_cast<std::size_t>(piece.key());
        message_.append(piece.mapped(), std::min(there, piece.mapped().size()));
    }
}

bool QuicCryptoStream::is_complete() const {
    if (message_.size() < kMessageHeader) {
        return false;
    }
    std::size_t size = 0;
    for (const char byte : ByteView(message_).substr(1, kMessageHeader - 1)) {
        size = size << 8U | static_cast<unsigned char>(byte);
    }
    return message_.size() >= kMessageHeader + size;
}

}  // namespace sslsniff
