// Which connections speak HTTP/2: by the preface, by the first SETTINGS, or by frames that follow each other.
#include <algorithm>
#include <array>
#include <optional>

#include "base/memory.h"
#include "protocols/http2/frame.h"
#include "protocols/http2/frame_boundary_search.h"
#include "protocols/http2/http2_parser.h"

namespace sslsniff {
namespace {

using http2::kPreface;

constexpr std::string_view kAlpn = "h2";  // RFC 9113 section 3.2

/// Frames that follow each other, from the first byte or from within.
bool has_frames(ByteView bytes) {
    http2::FrameBoundarySearch search(true, http2::Noise::binary);
    return search.add(bytes, Timestamp());
}

/// The first frame of each side is SETTINGS (RFC 9113 section 3.4). That a small number behind four bytes of
/// length looks like an empty one, or one with a single setting, is too likely: more must follow.
Verdict judge_settings(ByteView bytes) {
    constexpr std::size_t kSetting = 6;
    constexpr std::size_t kTelling = 64;  // of what follows
    if (bytes.size() < http2::kFrameHeaderSize) {
        return Verdict::need_more;
    }
    const http2::FrameHeader header = http2::parse_frame_header(bytes);
    if (!is_valid(header) || header.type != http2::FrameType::settings || header.has(http2::kAck)) {
        return Verdict::no;
    }
    const ByteView settings = bytes.substr(http2::kFrameHeaderSize, header.length);
    unsigned known = 0;
    for (std::size_t at = 0; at + kSetting <= settings.size(); at += kSetting) {
        const unsigned id = http2::setting_id(settings.substr(at));
        if (id == 0) {
            return Verdict::no;  // reserved
        }
        known += http2::is_known_setting(id) ? 1 : 0;
    }
    // A chain of frames may not begin with an empty one.
    const ByteView frames = header.length == 0 ? bytes.substr(http2::kFrameHeaderSize) : bytes;
    if (known > 1 || has_frames(frames)) {
        return Verdict::yes;
    }
    return bytes.size() < http2::kFrameHeaderSize + header.length + kTelling ? Verdict::need_more
                                                                             : Verdict::no;
}

/// What the first bytes of a direction, or of a later message, say by themselves.
Verdict judge_start(ByteView bytes) {
    if (bytes.starts_with(kPreface)) {
        return Verdict::yes;
    }
    const Verdict settings = judge_settings(bytes);
    return settings == Verdict::no && kPreface.starts_with(bytes) ? Verdict::need_more : settings;
}

/// One direction.
class Half {
  public:
    Verdict look(const Evidence::Side& side, Evidence::Start start) {
        const bool anywhere = start == Evidence::Start::anywhere;
        if (side.bytes.empty()) {
            return start == Evidence::Start::message ? Verdict::no : Verdict::need_more;
        }
        const bool later = message_ != side.message;
        if (later && start_ == Verdict::no) {
            message_ = side.message;
            start_ = Verdict::need_more;
        }
        if (start_ == Verdict::need_more) {
            start_ = judge_start(side.bytes.substr(message_));
        }
        if (start_ == Verdict::yes || start == Evidence::Start::beginning) {
            return start_;
        }
        return std::max(start_, search(side, anywhere));
    }
    std::size_t held() const { return search_ ? search_->held() : 0; }

  private:
    /// Frames, from a message's first byte on, or from anywhere.
    Verdict search(const Evidence::Side& side, bool anywhere) {
        if (!search_ || (!search_->possible() && begin_ != side.message)) {
            begin_ = anywhere ? 0 : side.message;
            searched_ = begin_;
            search_.emplace(true, http2::Noise::binary, !anywhere);
        }
        const ByteView fresh = side.bytes.substr(searched_);
        if (searched_ == side.message) {
            search_->align();
        }
        searched_ = side.bytes.size();
        if (!fresh.empty() && search_->possible() && search_->add(fresh, Timestamp())) {
            return search_->has_block() ? Verdict::yes : Verdict::likely;
        }
        return search_->possible() ? Verdict::need_more : Verdict::no;
    }

    std::size_t message_ = 0;
    Verdict start_ = Verdict::need_more;  ///< what the beginning of that message says
    std::optional<http2::FrameBoundarySearch> search_;
    std::size_t begin_ = 0;     ///< where the frames begin
    std::size_t searched_ = 0;  ///< how far
};

class Http2Detector final : public Detector {
  public:
    Verdict look(const Evidence& evidence) override {
        const std::string& alpn = evidence.connection.tls.alpn;
        if (alpn == kAlpn) {
            return Verdict::yes;
        }
        // Others than HTTP/1 may be HTTP/2 too: gRPC has "grpc-exp".
        if (alpn.starts_with("http/1.") || evidence.connection.endpoints.transport == Transport::udp) {
            return Verdict::no;
        }
        const bool beginning = evidence.start == Evidence::Start::beginning;
        std::array<Verdict, 2> verdicts{};
        for (const Direction direction : {Direction::sent, Direction::received}) {
            const auto at = static_cast<std::size_t>(direction);
            verdicts[at] = halves_[at].look(evidence.side(direction), evidence.start);
            if (verdicts[at] >= Verdict::likely) {
                return verdicts[at];
            }
        }
        // Both ends of a connection begin with what is HTTP/2's alone.
        return beginning ? std::min(verdicts[0], verdicts[1]) : std::max(verdicts[0], verdicts[1]);
    }
    std::size_t held() const override {
        return allocated(sizeof(*this)) + halves_[0].held() + halves_[1].held();
    }

  private:
    std::array<Half, 2> halves_;
};

}  // namespace

std::unique_ptr<Detector> detect_http2() {
    return std::make_unique<Http2Detector>();
}

bool may_begin_http2(ByteView message, const ConnectionInfo& connection) {
    if (connection.endpoints.transport == Transport::udp) {
        return false;
    }
    if (connection.tls.alpn == kAlpn) {
        return true;
    }
    if (message.size() < http2::kFrameHeaderSize) {
        return message.starts_with('\0') || kPreface.starts_with(message);
    }
    if (static_cast<unsigned char>(message[3]) > static_cast<unsigned>(http2::FrameType::continuation)) {
        return message.starts_with(kPreface.substr(0, http2::kFrameHeaderSize));
    }
    const http2::FrameHeader header = http2::parse_frame_header(message);
    return is_valid(header) && (may_begin_chain(header) || header.type == http2::FrameType::settings);
}

std::unique_ptr<Detector> detect_grpc() {
    class Never final : public Detector {
      public:
        Verdict look(const Evidence& /*evidence*/) override { return Verdict::no; }
        std::size_t held() const override { return allocated(sizeof(*this)); }
    };
    return std::make_unique<Never>();
}

bool may_begin_grpc(ByteView /*message*/, const ConnectionInfo& /*connection*/) {
    return false;
}

}  // namespace sslsniff
