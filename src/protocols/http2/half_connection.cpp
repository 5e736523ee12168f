#include "protocols/http2/half_connection.h"

#include <algorithm>
#include <utility>

#include "base/endian.h"
#include "base/give_back.h"

namespace sslsniff::http2 {

HalfConnection::HalfConnection(HalfListener& listener, Direction direction, std::size_t max_headers)
    : listener_(listener),
      direction_(direction),
      max_headers_(max_headers),
      decoder_(true, max_headers),
      reader_(*this, max_headers) {}

void HalfConnection::feed(ByteView bytes, Timestamp time) {
    has_bytes_ = has_bytes_ || !bytes.empty();
    reader_.feed(bytes, time);
}

void HalfConnection::begins_here() {
    decoder_ = hpack::Decoder(true, max_headers_);
    reader_.set_midstream(false);
}

void HalfConnection::begins_within() {
    has_bytes_ = true;
    reader_.gap(0, {});
}

void HalfConnection::gap(std::uint64_t bytes, Timestamp time) {
    if (has_bytes_) {
        reader_.gap(bytes, time);
    } else {
        reader_.set_midstream(true);
        on_lost(time);
    }
}

std::size_t HalfConnection::held() const {
    return reader_.held() + decoder_.held() + (open_ ? heap_bytes(open_->bytes) : 0);
}

bool HalfConnection::shed() {
    const bool frame = reader_.shed();
    const bool block = open_ && !open_->bytes.empty();
    if (block) {
        open_->missing += open_->bytes.size();
        give_back(open_->bytes);
    }
    return frame || block;
}

Bytes HalfConnection::unfinished() const {
    Bytes bytes;
    if (open_ && open_->missing == 0) {
        const bool promises = open_->section.promised != 0;
        FrameHeader header{.length = static_cast<std::uint32_t>(open_->bytes.size()),
                           .type = promises ? FrameType::push_promise : FrameType::headers,
                           .flags = open_->section.end_stream ? kEndStream : std::uint8_t{0},
                           .stream = open_->section.stream};
        Bytes promised;
        if (promises) {
            append_be(promised, open_->section.promised);
            header.length += static_cast<std::uint32_t>(promised.size());
        }
        bytes = to_bytes(header) + promised + open_->bytes;
    }
    return bytes + reader_.unfinished();
}

void HalfConnection::on_preface(Timestamp /*time*/) {
    decoder_ = hpack::Decoder(true, max_headers_);
    listener_.on_preface(direction_);
}

void HalfConnection::on_frame(const FrameHeader& header, ByteView payload, std::uint64_t missing,
                              Timestamp time) {
    has_frames_ = true;
    if (open_ && (header.type != FrameType::continuation || header.stream != open_->section.stream)) {
        abandon_block(time);  // section 4.3: nothing may come in between
    }
    switch (header.type) {
        case FrameType::opaque:
            on_lost(time);
            break;
        case FrameType::headers:
        case FrameType::push_promise:
            read_headers(header, payload, missing, time);
            break;
        case FrameType::continuation:
            read_continuation(header, payload, missing, time);
            break;
        case FrameType::rst_stream:
            listener_.on_reset(direction_, header.stream,
                               payload.size() < 4 ? std::nullopt : std::optional(read_u32(payload)), time);
            break;
        case FrameType::goaway:
            if (payload.size() >= 8) {
                listener_.on_goaway(direction_, read_u32(payload) & 0x7FFFFFFFU, read_u32(payload.substr(4)),
                                    time);
            }
            break;
        default:
            break;  // SETTINGS, PING, WINDOW_UPDATE, PRIORITY ...: nothing an observer of exchanges needs
    }
}

void HalfConnection::read_headers(const FrameHeader& header, ByteView payload, std::uint64_t missing,
                                  Timestamp time) {
    HeaderSection section;
    section.stream = header.stream;
    section.end_stream = header.type == FrameType::headers && header.has(kEndStream);
    section.start = time;
    if (header.stream == 0) {  // made up, see DissectorContext: the streams before passed unseen
        listener_.on_context(decoder_.decode(payload));
        listener_.on_lost(direction_, time);
        return;
    }
    FrameHeader layout = header;
    if (missing != 0) {
        layout.flags &= static_cast<std::uint8_t>(~kPadded);  // the padding is in what is missing
        if (header.has(kPadded) && !payload.empty()) {
            payload.remove_prefix(1);
        }
    }
    bool well_formed = strip_padding(layout, payload);
    if (well_formed && header.type == FrameType::push_promise) {
        well_formed = payload.size() >= 4;
        if (well_formed) {
            section.promised = read_u32(payload) & 0x7FFFFFFFU;
            payload.remove_prefix(4);
        }
    }
    if (!well_formed) {
        end_block(std::move(section), {}, false, time);
    } else if (header.has(kEndHeaders)) {
        end_block(std::move(section), payload, missing == 0, time);
    } else {
        open_ = OpenBlock{std::move(section), Bytes(payload), missing};
    }
}

void HalfConnection::read_continuation(const FrameHeader& header, ByteView payload, std::uint64_t missing,
                                       Timestamp time) {
    if (!open_) {
        decoder_.lose();  // its beginning passed unseen
        return;
    }
    OpenBlock& open = *open_;
    const std::size_t room = open.missing == 0 ? max_headers_ - std::min(max_headers_, open.bytes.size()) : 0;
    const ByteView kept = payload.substr(0, room);
    open.bytes.append(kept);
    open.missing += missing + (payload.size() - kept.size());
    if (header.has(kEndHeaders)) {
        OpenBlock whole = *std::exchange(open_, std::nullopt);
        end_block(std::move(whole.section), whole.bytes, whole.missing == 0, time);
    }
}

void HalfConnection::end_block(HeaderSection section, ByteView bytes, bool whole, Timestamp time) {
    section.block = whole ? decoder_.decode(bytes) : decoder_.decode_prefix(bytes);
    listener_.on_headers(direction_, std::move(section), time);
}

void HalfConnection::abandon_block(Timestamp time) {
    OpenBlock open = *std::exchange(open_, std::nullopt);
    end_block(std::move(open.section), open.bytes, false, time);
}

void HalfConnection::on_data(const FrameHeader& header, ByteView bytes, std::uint64_t missing, bool last,
                             Timestamp time) {
    has_frames_ = true;
    if (open_) {
        abandon_block(time);
    }
    listener_.on_data(direction_,
                      {.stream = header.stream,
                       .bytes = bytes,
                       .missing = missing,
                       .end_stream = last && header.has(kEndStream)},
                      time);
}

void HalfConnection::on_lost(Timestamp time) {
    if (open_) {
        abandon_block(time);
    }
    decoder_.lose();
    listener_.on_lost(direction_, time);
}

}  // namespace sslsniff::http2
