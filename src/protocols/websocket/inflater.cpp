#include "protocols/websocket/inflater.h"

namespace sslsniff::websocket {
namespace {

/// A message may grow to this; beyond, we stop to follow the compression.
constexpr std::uint64_t kMaxInflated = 64ULL << 20U;
constexpr std::size_t kPiece = 64 * std::size_t{1024};
constexpr ByteView kTail("\x00\x00\xFF\xFF", 4);  // section 7.2.2

}  // namespace

Inflater::Inflater(bool context_takeover, std::size_t keep)
    : context_takeover_(context_takeover), keep_(keep) {}

void Inflater::begin_message() {
    if (!context_takeover_) {
        decoder_.reset();
        usable_ = true;
    }
}

bool Inflater::add(ByteView payload, Body& body) {
    // Piece by piece, so that a bomb passes through a small buffer.
    while (usable_ && !payload.empty()) {
        const ByteView part = payload.substr(0, 64);
        payload.remove_prefix(part.size());
        Bytes out;
        const ContentDecoder::State state = decoder_.decode(part, out, 2 * kPiece);
        append(body, out, keep_);
        usable_ = state == ContentDecoder::State::more && body.size <= kMaxInflated;
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
