#include "protocols/http2/frame_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/give_back.h"

namespace sslsniff::http2 {

FrameReader::FrameReader(FrameListener& listener, std::size_t max_payload)
    : listener_(listener), max_payload_(max_payload), state_(State::start) {}

void FrameReader::feed(ByteView bytes, Timestamp time) {
    while (!bytes.empty()) {
        bytes.remove_prefix(step(bytes, time));
    }
}

std::size_t FrameReader::step(ByteView bytes, Timestamp time) {
    switch (state_) {
        case State::start:
            return read_start(bytes, time);
        case State::header:
            return read_header(bytes, time);
        case State::payload:
            return read_payload(bytes, time);
        case State::search:
            break;
    }
    // In slices, so that what is replayed after a boundary was found is about the frames that proved it.
    constexpr std::size_t kSlice = 4096;
    const std::size_t take = std::min(bytes.size(), kSlice);
    search(bytes.substr(0, take), time);
    return take;
}

/// Expects the preface or, on a server's side, the first frame. Consumes nothing that is not the preface.
std::size_t FrameReader::read_start(ByteView bytes, Timestamp time) {
    const std::size_t take = std::min(bytes.size(), kPreface.size() - pending_.size());
    const std::size_t before = pending_.size();
    pending_.append(bytes.substr(0, take));
    if (pending_ == kPreface) {
        pending_.clear();
        state_ = State::header;
        listener_.on_preface(time);
        return take;
    }
    if (kPreface.starts_with(pending_)) {
        return take;
    }
    const Bytes held = std::exchange(pending_, {}).substr(0, before);
    if (midstream_) {
        lose(true, time);
    } else {
        state_ = State::header;
    }
    feed(held, time);
    return 0;
}

std::size_t FrameReader::read_header(ByteView bytes, Timestamp time) {
    const std::size_t take = std::min(bytes.size(), kFrameHeaderSize - pending_.size());
    pending_.append(bytes.substr(0, take));
    if (pending_.size() < kFrameHeaderSize) {
        return take;
    }
    const Bytes raw = std::exchange(pending_, {});
    header_ = parse_frame_header(raw);
    if (!is_valid(header_) && !is_made_up(header_)) {
        ++strange_;
        lose(false, time);
        search(raw, time);
        return take;
    }
    state_ = State::payload;
    left_ = header_.length;
    missing_ = 0;
    padding_ = 0;
    pad_length_pending_ = header_.type == FrameType::data && header_.has(kPadded);
    if (left_ == 0) {
        end_payload(time);
    }
    return take;
}

std::size_t FrameReader::read_payload(ByteView bytes, Timestamp time) {
    const std::size_t take = std::min<std::size_t>(bytes.size(), left_);
    const ByteView part = bytes.substr(0, take);
    left_ -= static_cast<std::uint32_t>(take);
    if (header_.type == FrameType::data) {
        read_data(part, time);
    } else if (left_ == 0 && pending_.empty() && missing_ == 0) {
        state_ = State::header;
        const ByteView kept = part.substr(0, max_payload_);
        listener_.on_frame(header_, kept, part.size() - kept.size(), time);
    } else {
        const std::size_t room = missing_ == 0 ? max_payload_ - pending_.size() : 0;
        const std::size_t kept = std::min(room, part.size());
        pending_.append(part.substr(0, kept));
        missing_ += part.size() - kept;
        if (left_ == 0) {
            end_payload(time);
        }
    }
    return take;
}

/// `part` is what follows in a DATA frame; left_ no longer counts it.
void FrameReader::read_data(ByteView part, Timestamp time) {
    if (pad_length_pending_) {
        padding_ = static_cast<unsigned char>(part.front());
        part.remove_prefix(1);
        pad_length_pending_ = false;
        padding_ = std::min(padding_, left_ + static_cast<std::uint32_t>(part.size()));
    }
    const bool last = left_ == 0;
    const std::size_t padding_here = padding_ > left_ ? padding_ - left_ : 0;
    part.remove_suffix(std::min(padding_here, part.size()));
    if (last) {
        state_ = State::header;
    }
    if (!part.empty() || last) {
        listener_.on_data(header_, part, 0, last, time);
    }
}

void FrameReader::end_payload(Timestamp time) {
    state_ = State::header;
    if (header_.type == FrameType::data) {
        listener_.on_data(header_, {}, 0, true, time);
        return;
    }
    const Bytes payload = std::exchange(pending_, {});
    listener_.on_frame(header_, payload, missing_, time);
}

void FrameReader::gap(std::uint64_t bytes, Timestamp time) {
    if (state_ == State::payload && bytes != 0 && bytes <= left_) {
        left_ -= static_cast<std::uint32_t>(bytes);
        const bool last = left_ == 0;
        if (header_.type == FrameType::data) {
            const std::uint64_t padding =
                std::min<std::uint64_t>(padding_ > left_ ? padding_ - left_ : 0, bytes);
            pad_length_pending_ = false;
            state_ = last ? State::header : State::payload;
            listener_.on_data(header_, {}, bytes - padding, last, time);
            return;
        }
        missing_ += bytes;
        if (last) {
            end_payload(time);
        }
        return;
    }
    if (state_ == State::payload && header_.type != FrameType::data) {
        missing_ += left_;
        end_payload(time);  // what came of it may still tell something
    }
    lose(true, time);
}

bool FrameReader::shed() {
    if (state_ != State::payload || pending_.empty()) {
        return false;
    }
    missing_ += pending_.size();
    give_back(pending_);
    return true;
}

void FrameReader::resynchronise() {
    if (search_) {
        skipped_ += search_->skipped();
        search_.reset();
    }
    pending_.clear();
    state_ = State::header;
}

Bytes FrameReader::unfinished() const {
    if (state_ != State::payload) {
        return pending_;
    }
    FrameHeader rest = header_;
    if (header_.type == FrameType::data) {
        rest.length = left_;
        if (!header_.has(kPadded) || pad_length_pending_) {
            return to_bytes(rest);
        }
        ++rest.length;
        return to_bytes(rest) + static_cast<char>(padding_);
    }
    if (missing_ != 0) {  // too much of it passed
        return to_bytes({.length = left_, .type = FrameType::opaque});
    }
    return to_bytes(rest) + pending_;
}

void FrameReader::lose(bool aligned, Timestamp time) {
    pending_.clear();
    state_ = State::search;
    if (search_) {
        skipped_ += search_->skipped();
    }
    search_.emplace(aligned);
    listener_.on_lost(time);
}

void FrameReader::search(ByteView bytes, Timestamp time) {
    if (!search_->add(bytes, time)) {
        return;
    }
    skipped_ += search_->skipped();
    const std::vector<FrameBoundarySearch::Piece> pieces = search_->take();
    search_.reset();
    state_ = State::header;
    for (const FrameBoundarySearch::Piece& piece : pieces) {
        feed(piece.bytes, piece.time);
    }
}

}  // namespace sslsniff::http2
