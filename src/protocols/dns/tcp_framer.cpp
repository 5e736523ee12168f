#include "protocols/dns/tcp_framer.h"

#include <algorithm>
#include <utility>

#include "protocols/dns/message.h"
#include "protocols/dns/plausible.h"

namespace sslsniff::dns {
namespace {

constexpr std::size_t kPrefix = 2;
constexpr std::size_t kHeader = 12;

std::size_t length_at(ByteView bytes) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 |
           static_cast<unsigned char>(bytes[1]);
}

}  // namespace

void TcpFramer::clear_message() {
    buffer_.clear();
    used_ = false;
    holed_ = false;
    missing_ = 0;
}

void TcpFramer::lose() {
    clear_message();
    found_.clear();
    found_at_ = 0;
    searching_ = true;
}

std::optional<TcpFramer::Framed> TcpFramer::next(ByteView& bytes) {
    if (used_) {
        clear_message();
    }
    if (searching_) {
        search(bytes);
    }
    if (found_at_ < found_.size()) {
        ByteView rest = ByteView(found_).substr(found_at_);
        const auto framed = cut(rest);
        found_at_ = found_.size() - rest.size();
        if (framed) {
            return framed;
        }
    }
    return searching_ ? std::nullopt : cut(bytes);
}

std::optional<TcpFramer::Framed> TcpFramer::cut(ByteView& bytes) {
    if (buffer_.empty() && bytes.size() >= kPrefix && bytes.size() - kPrefix >= length_at(bytes)) {
        const ByteView message = bytes.substr(kPrefix, length_at(bytes));
        bytes.remove_prefix(kPrefix + message.size());
        return Framed{message};
    }
    for (;;) {
        const bool framed = buffer_.size() >= kPrefix;
        const std::size_t want = framed ? kPrefix + length_at(buffer_) : kPrefix;
        const auto have = static_cast<std::size_t>(buffer_.size() + missing_);
        if (framed && have == want) {
            used_ = true;
            return Framed{ByteView(buffer_).substr(kPrefix), missing_};
        }
        if (bytes.empty()) {
            return std::nullopt;
        }
        const std::size_t count = std::min(bytes.size(), want - have);
        if (holed_) {
            missing_ += count;
        } else {
            buffer_.append(bytes.substr(0, count));
        }
        bytes.remove_prefix(count);
    }
}

std::optional<TcpFramer::Framed> TcpFramer::unfinished() {
    if (used_ || searching_ || buffer_.size() < kPrefix + kHeader) {
        return std::nullopt;
    }
    return Framed{ByteView(buffer_).substr(kPrefix), kPrefix + length_at(buffer_) - buffer_.size()};
}

void TcpFramer::gap(std::uint64_t bytes) {
    if (used_) {
        clear_message();
    }
    const std::size_t want = buffer_.size() >= kPrefix ? kPrefix + length_at(buffer_) : 0;
    const std::size_t have = buffer_.size() + missing_;
    if (searching_ || bytes == 0 || want < have || bytes > want - have) {
        lose();
        return;
    }
    holed_ = true;
    missing_ += bytes;
}

void TcpFramer::search(ByteView& bytes) {
    buffer_.append(bytes);
    bytes = {};
    std::size_t at = 0;
    for (; at + kPrefix + kHeader <= buffer_.size(); ++at) {
        const ByteView here = ByteView(buffer_).substr(at);
        const std::size_t length = length_at(here);
        const ByteView message = here.substr(kPrefix, length);
        if (!plausible_header(message, length)) {
            continue;
        }
        if (message.size() < length) {
            break;  // wait for the rest
        }
        if (plausible_message(decode_message(message), Place::elsewhere)) {
            searching_ = false;
            found_ = buffer_.substr(at);
            found_at_ = 0;
            buffer_.clear();
            return;
        }
    }
    buffer_.erase(0, at);
}

}  // namespace sslsniff::dns
