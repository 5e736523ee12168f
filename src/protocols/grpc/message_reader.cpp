#include "protocols/grpc/message_reader.h"

#include <algorithm>
#include <utility>

namespace sslsniff::grpc {
namespace {

constexpr std::size_t kPrefixSize = 5;
constexpr unsigned char kCompressed = 0x01;

std::uint32_t length_of(ByteView prefix) {
    std::uint32_t length = 0;
    for (const char c : prefix.substr(1, 4)) {
        length = length << 8U | static_cast<unsigned char>(c);
    }
    return length;
}

/// The value of a base64 digit (RFC 4648 section 4); nothing for padding and others.
std::optional<std::uint32_t> base64_value(char c) {
    constexpr ByteView kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t at = kDigits.find(c);
    return at == ByteView::npos ? std::nullopt : std::optional(static_cast<std::uint32_t>(at));
}

}  // namespace

MessageReader::MessageReader(Sink sink, std::size_t max_body, unsigned char last, bool base64)
    : sink_(std::move(sink)), max_body_(max_body), last_(last), base64_(base64) {}

void MessageReader::feed(ByteView bytes, Timestamp time) {
    if (!base64_) {
        read(bytes, time);
        return;
    }
    Bytes plain;
    for (const char c : bytes) {
        if (const std::optional<std::uint32_t> value = base64_value(c)) {
            quantum_ = (quantum_ << 6U | *value) & 0xFFFFU;
            quantum_bits_ += 6;
            if (quantum_bits_ >= 8) {
                quantum_bits_ -= 8;
                plain.push_back(static_cast<char>(quantum_ >> quantum_bits_));
            }
        } else {
            quantum_bits_ = 0;  // padding ends a piece; another may follow
        }
    }
    read(plain, time);
}

void MessageReader::read(ByteView bytes, Timestamp time) {
    if (lost_) {
        const bool whole = bytes.size() >= kPrefixSize &&
                           static_cast<unsigned char>(bytes[0]) <= kCompressed &&
                           length_of(bytes) == bytes.size() - kPrefixSize;
        if (!whole) {
            return;
        }
        lost_ = false;
    }
    while (!bytes.empty()) {
        if (prefix_.size() < kPrefixSize) {
            if (prefix_.empty()) {
                message_ = {};
                message_.start = time;
            }
            const std::size_t take = std::min(bytes.size(), kPrefixSize - prefix_.size());
            prefix_.append(bytes.substr(0, take));
            bytes.remove_prefix(take);
            if (prefix_.size() < kPrefixSize) {
                return;
            }
            const auto flags = static_cast<unsigned char>(prefix_[0]);
            if ((flags & ~(kCompressed | last_)) != 0) {
                prefix_.clear();
                lost_ = true;
                return;
            }
            message_.compressed = (flags & kCompressed) != 0;
            message_.last = (flags & last_) != 0;
            left_ = length_of(prefix_);
        }
        const std::size_t take = std::min<std::uint64_t>(bytes.size(), left_);
        append(message_.body, bytes.substr(0, take), message_.damaged ? 0 : max_body_);
        bytes.remove_prefix(take);
        left_ -= take;
        if (left_ == 0) {
            finish(time);
        }
    }
}

void MessageReader::finish(Timestamp time) {
    prefix_.clear();
    message_.end = time;
    sink_(std::exchange(message_, {}));
}

void MessageReader::gap(std::uint64_t bytes) {
    if (!base64_ && bytes != 0 && bytes < left_) {
        left_ -= bytes;
        message_.damaged = true;
        message_.body.size += bytes;
        message_.body.missing += bytes;
        return;
    }
    lost_ = true;
    prefix_.clear();
    left_ = 0;
}

}  // namespace sslsniff::grpc
