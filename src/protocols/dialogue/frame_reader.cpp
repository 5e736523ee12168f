#include "protocols/dialogue/frame_reader.h"

#include <algorithm>
#include <utility>

#include "base/saturating.h"

namespace sslsniff::dialogue {

void FrameReader::reset() {
    header_.clear();
    body_.clear();
    in_body_ = continued_ = cut_ = false;
    left_ = 0;
}

/// False when the header is not whole yet.
bool FrameReader::take_header(ByteView& bytes, Timestamp time, std::size_t header_size) {
    if (header_.empty() && !continued_) {
        frame_.start = time;
    }
    const std::size_t taken = std::min(header_size - header_.size(), bytes.size());
    header_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    return header_.size() == header_size;
}

/// False when there is no such frame.
bool FrameReader::begin_body(ReadHeader read_header) {
    const std::optional<Length> length = read_header(header_);
    if (!length) {
        reset();
        return false;
    }
    if (!continued_) {
        const Timestamp start = frame_.start;
        frame_ = {};
        frame_.start = start;
        frame_.header = header_;
        cut_ = false;
        body_.clear();
    }
    header_.clear();
    frame_.size = saturating_sum(frame_.size, std::uint64_t{length->size});
    left_ = length->size;
    continued_ = length->continued;
    in_body_ = true;
    return true;
}

/// Most frames lie in one chunk: nothing of them is copied but the header.
bool FrameReader::whole_frame(ByteView& bytes, Timestamp time, std::size_t header_size,
                              ReadHeader read_header) {
    if (in_body_ || continued_ || !header_.empty() || bytes.size() < header_size) {
        return false;
    }
    const ByteView header = bytes.substr(0, header_size);
    const std::optional<Length> length = read_header(header);
    if (!length || length->continued || bytes.size() - header_size < length->size) {
        return false;
    }
    frame_.header = header;
    frame_.size = length->size;
    frame_.body = bytes.substr(header_size, std::min<std::size_t>(length->size, max_body_));
    frame_.missing = 0;
    frame_.start = frame_.end = time;
    bytes.remove_prefix(header_size + length->size);
    return true;
}

FrameReader::Result FrameReader::read(ByteView& bytes, Timestamp time, std::size_t header_size,
                                      ReadHeader read_header) {
    if (whole_frame(bytes, time, header_size, read_header)) {
        return Result::frame;
    }
    do {
        if (!in_body_) {
            if (!take_header(bytes, time, header_size)) {
                return Result::need_more;
            }
            if (!begin_body(read_header)) {
                return Result::malformed;
            }
        }
        const ByteView here = bytes.substr(0, left_);
        bytes.remove_prefix(here.size());
        const bool whole_here = here.size() == frame_.size && !continued_ && !cut_;
        left_ -= static_cast<std::uint32_t>(here.size());
        if (!whole_here && !cut_) {
            body_.append(here.substr(0, max_body_ - std::min(max_body_, body_.size())));
            cut_ = body_.size() >= max_body_;
        }
        if (left_ == 0) {
            in_body_ = false;
            if (!continued_) {
                frame_.body = whole_here ? here.substr(0, max_body_) : ByteView(body_);
                frame_.end = time;
                return Result::frame;
            }
        }
    } while (!bytes.empty());
    return Result::need_more;
}

bool FrameReader::skip(std::uint64_t bytes) {
    if (!in_body_ || bytes == 0 || bytes >= left_) {
        return false;  // a body that ends inside the gap is not told
    }
    left_ -= static_cast<std::uint32_t>(bytes);
    frame_.missing = saturating_sum(frame_.missing, bytes);
    cut_ = true;
    return true;
}

}  // namespace sslsniff::dialogue
