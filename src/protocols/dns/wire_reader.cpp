#include "protocols/dns/wire_reader.h"

#include "protocols/dns/name.h"

namespace sslsniff::dns {

std::uint64_t WireReader::number(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : bytes(size)) {
        value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
}

ByteView WireReader::bytes(std::size_t count) {
    if (count > left()) {
        good_ = false;
        return {};
    }
    const ByteView out = message_.substr(at_, count);
    at_ += count;
    return out;
}

WireReader WireReader::part(std::size_t count) {
    WireReader out = *this;
    bytes(count);
    out.end_ = good_ ? at_ : out.at_;
    out.good_ = good_;
    return out;
}

std::string WireReader::name() {
    constexpr std::size_t kMaxName = 255;  // RFC 1035 section 2.3.4, length bytes included
    constexpr int kMaxJumps = 127;         // one per label at most; more is made to cost time
    std::string out;
    std::size_t size = 1;
    std::size_t at = at_;
    std::size_t end = end_;
    std::size_t earliest = at_;  // where the next pointer must lead before
    int jumps = 0;
    while (good_ && at < end) {
        const auto length = static_cast<unsigned char>(message_[at]);
        if (length == 0) {
            if (jumps == 0) {
                at_ = at + 1;
            }
            return out.empty() ? "." : out;
        }
        if (length >= 0xC0 && at + 1 < end) {
            const std::size_t target = (length & 0x3FU) << 8 | static_cast<unsigned char>(message_[at + 1]);
            if (jumps == 0) {
                at_ = at + 2;
            }
            if (target >= earliest || ++jumps > kMaxJumps) {
                break;
            }
            at = earliest = target;
            end = message_.size();
            continue;
        }
        size += length + std::size_t{1};
        if (length > 63 || at + 1 + length > end || size > kMaxName) {
            break;
        }
        out += out.empty() ? "" : ".";
        append_label(out, message_.substr(at + 1, length));
        at += length + std::size_t{1};
    }
    good_ = false;
    return {};
}

}  // namespace sslsniff::dns
