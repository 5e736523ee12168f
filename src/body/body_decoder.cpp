#include "body/body_decoder.h"

#include <algorithm>

#include "base/memory.h"
#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxCodings = 4;
/// Bytes given to a decoder at once, and what they may become: bounds the memory between two stages.
constexpr std::size_t kPiece = 1024;
constexpr std::uint64_t kMaxPiece = std::uint64_t{16} << 20U;

/// The codings in the order they were applied; "identity" is none.
std::vector<std::string_view> codings_of(std::string_view field) {
    std::vector<std::string_view> codings;
    while (!field.empty()) {
        const std::size_t comma = std::min(field.find(','), field.size());
        const std::string_view coding = trim(field.substr(0, comma));
        if (!coding.empty() && !equals_ignore_case(coding, "identity")) {
            codings.push_back(coding);
        }
        field.remove_prefix(std::min(comma + 1, field.size()));
    }
    return codings;
}

}  // namespace

BodyDecoder::BodyDecoder(std::string_view content_encoding, const DecodeLimits& limits) : limits_(limits) {
    std::vector<std::string_view> codings = codings_of(content_encoding);
    if (codings.empty()) {
        return;
    }
    state_ = codings.size() > kMaxCodings ? State::unsupported : State::partial;
    for (; !codings.empty() && decodes(); codings.pop_back()) {
        Stage& stage = stages_.emplace_back();
        stage.decoder = make_content_decoder(codings.back());
        if (!stage.decoder) {
            stages_.pop_back();  // what was applied after it can still be undone
            state_ = State::unsupported;
        }
    }
}

void BodyDecoder::feed(ByteView coded, const Sink& sink) {
    given_ += coded.size();
    run(0, coded, sink);
}

void BodyDecoder::run(std::size_t index, ByteView coded, const Sink& sink) {
    if (index == stages_.size()) {
        if (!coded.empty()) {
            sink(coded);
        }
        return;
    }
    Stage& stage = stages_[index];
    const std::uint64_t allowance = std::min(limits_.max_output, limits_.grace + given_ * limits_.max_ratio);
    while (!coded.empty() && (decodes() || state_ == State::unsupported)) {
        const ByteView piece = coded.substr(0, kPiece);
        coded.remove_prefix(piece.size());
        Bytes out;
        const std::uint64_t room = allowance - std::min(allowance, stage.produced);
        const ContentDecoder::State state = stage.decoder->decode(piece, out, std::min(room, kMaxPiece));
        stage.produced += out.size();
        const bool padding = stage.state == ContentDecoder::State::ended && out.empty() &&
                             state == ContentDecoder::State::damaged;
        run(index + 1, out, sink);
        if (padding) {
            continue;
        }
        stage.state = state;
        if (state == ContentDecoder::State::damaged) {
            state_ = State::damaged;
        } else if (state == ContentDecoder::State::full) {
            state_ = State::limited;
        }
    }
}

std::size_t BodyDecoder::held() const {
    std::size_t held = heap_bytes(stages_);
    for (const Stage& stage : stages_) {
        held += stage.decoder->held();
    }
    return held;
}

BodyDecoder::State BodyDecoder::state() const {
    const bool over = given_ == 0 || std::ranges::all_of(stages_, [](const Stage& stage) {
                          return stage.state == ContentDecoder::State::ended;
                      });
    return decodes() && over ? State::decoded : state_;
}

}  // namespace sslsniff
