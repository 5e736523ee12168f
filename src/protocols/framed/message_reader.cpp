#include "protocols/framed/message_reader.h"

#include <algorithm>

namespace sslsniff::framed {

MessageReader::MessageReader(const Framing& framing, Side side, std::size_t max_kept)
    : framing_(framing), side_(side), max_kept_(std::max(max_kept, framing.max_header())) {}

MessageReader::Result MessageReader::read(ByteView& bytes, Timestamp time) {
    if (given_out_) {
        kept_.clear();
        given_out_ = false;
    }
    if (!in_message_) {
        const ByteView before = bytes;
        const bool whole_here = kept_.empty();
        if (const Result result = begin(bytes, time); result != Result::message) {
            return result;
        }
        if (whole_here && before.size() >= message_.size) {
            bytes = before.substr(message_.size);
            return finish(before.substr(0, std::min<std::uint64_t>(message_.size, max_kept_)), time);
        }
    }
    const ByteView here = bytes.substr(0, left_);
    bytes.remove_prefix(here.size());
    left_ -= here.size();
    keep(here);
    return left_ == 0 ? finish(kept_, time) : Result::need_more;
}

/// Looks at a message's beginning. On success `message_` has its size, and what is in `kept_` is consumed.
MessageReader::Result MessageReader::begin(ByteView& bytes, Timestamp time) {
    if (kept_.empty()) {
        message_ = {{}, 0, 0, time, time};
    }
    const std::size_t before = kept_.size();
    const std::size_t most = framing_.max_header();
    ByteView head = bytes;
    if (before > 0) {
        kept_.append(bytes.substr(0, most - std::min(most, before)));
        head = kept_;
    }
    const Look look = beginning_ ? framing_.look_first(side_, head) : framing_.look(side_, head);
    const bool endless = look.state == Look::State::need_more && head.size() >= most;
    if (look.state == Look::State::malformed || endless || (look.size < before && look.size != 0)) {
        kept_.resize(before);
        return Result::malformed;
    }
    if (look.state == Look::State::need_more) {
        if (before == 0) {
            kept_ = bytes;
        }
        bytes = {};
        return Result::need_more;
    }
    message_.size = std::max<std::uint64_t>(look.size, 1);
    kept_.resize(std::min<std::uint64_t>(kept_.size(), message_.size));
    if (before > 0) {
        bytes.remove_prefix(kept_.size() - before);
    }
    left_ = message_.size - kept_.size();
    in_message_ = true;
    beginning_ = false;
    cut_ = false;
    return Result::message;
}

void MessageReader::keep(ByteView bytes) {
    if (!cut_) {
        kept_.append(bytes.substr(0, max_kept_ - std::min(max_kept_, kept_.size())));
        cut_ = kept_.size() >= max_kept_;
    }
}

MessageReader::Result MessageReader::finish(ByteView bytes, Timestamp time) {
    in_message_ = false;
    given_out_ = true;
    left_ = 0;
    message_.bytes = bytes;
    message_.end = time;
    return Result::message;
}

bool MessageReader::skip(std::uint64_t bytes) {
    if (!in_message_ || bytes == 0 || bytes >= left_) {
        return false;  // nobody tells the end of a message that ends inside the gap
    }
    left_ -= bytes;
    message_.missing += bytes;
    cut_ = true;
    return true;
}

Message MessageReader::abandon() {
    beginning_ = false;
    if (at_boundary()) {
        return {};
    }
    given_out_ = true;  // what is given out stays until the next byte
    message_.bytes = kept_;
    message_.size = in_message_ ? message_.size : 0;
    in_message_ = false;
    left_ = 0;
    return message_;
}

}  // namespace sslsniff::framed
