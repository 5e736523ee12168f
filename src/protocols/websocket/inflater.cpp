#include "protocols/websocket/inflater.h"

#include "body/body_decoder.h"

namespace sslsniff::websocket {
namespace {

constexpr std::size_t kPiece = 64 * std::size_t{1024};
constexpr ByteView kTail("\x00\x00\xFF\xFF", 4);  // section 7.2.2

}  // namespace

Inflater::Inflater(bool context_takeover, std::size_t keep)
    : context_takeover_(context_takeover), keep_(keep) {}

void Inflater::begin_message() {
    if (!context_takeover_) {
        decoder_.reset();
        usable_ = true;
        is_bomb_ = false;
    }
}

bool Inflater::add(ByteView payload, Body& body) {
    given_ += payload.size();
    const std::uint64_t allowance = kStreamLimits.grace + given_ * kStreamLimits.max_ratio;
    // Piece by piece, so that a bomb passes through a small buffer.
    while (usable_ && !payload.empty()) {
        if (inflated_ > allowance) {
            is_bomb_ = true;
            usable_ = false;
            break;
        }
        const ByteView part = payload.substr(0, 64);
        payload.remove_prefix(part.size());
        Bytes out;
        const ContentDecoder::State state = decoder_.decode(part, out, 2 * kPiece);
        append(body, out, keep_);
        inflated_ += out.size();
        usable_ = state == ContentDecoder::State::more;
    }
    return usable_;
}

bool Inflater::end_message(Body& body) {
    return add(kTail, body);
}

void Inflater::lose() {
    usable_ = false;
}

}  // namespace sslsniff::websocket
