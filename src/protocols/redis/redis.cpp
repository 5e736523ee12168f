#include "protocols/redis/redis.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/memory.h"
#include "protocols/redis/parser.h"
#include "protocols/redis/plausible.h"
#include "protocols/redis/resp_reader.h"

namespace sslsniff {
namespace {

using redis::plausible_inline;
using redis::plausible_reply;
using redis::plausible_request;

// Joining inside a large value, no message begins for long; then only a later message tells.
constexpr std::size_t kMaxAnywhere = 4096;

/// What the answer to a line of words says. POP3, NATS and others answer "+OK text" or "-ERR text" to
/// commands named as Redis's too, and some of them a bare "+OK".
Verdict judge_answer(ByteView reply) {
    const ByteView line = reply.substr(0, reply.find('\r'));
    const bool words = line.starts_with('+') && line.find(' ') != ByteView::npos;
    return words || line.starts_with("-ERR ") ? Verdict::no : line == "+OK" ? Verdict::likely : Verdict::yes;
}

/// Judges `requests` as what a client sends from the first byte on, `replies` as what it gets.
Verdict judge(ByteView requests, ByteView replies) {
    const Verdict answered = replies.empty() ? Verdict::need_more : plausible_reply(replies);
    const Verdict known = plausible_request(requests, true);
    if (answered == Verdict::no || known == Verdict::need_more) {
        return answered == Verdict::no ? Verdict::no : Verdict::need_more;
    }
    if (known == Verdict::yes) {
        return Verdict::yes;
    }
    // A module's command, or a line of words: only a reply makes sure.
    if (plausible_request(requests, false) == Verdict::yes) {
        return answered;
    }
    const Verdict line = plausible_inline(requests, true);
    if (line != Verdict::yes) {
        return line;
    }
    return answered == Verdict::yes ? judge_answer(replies) : answered;
}

/// The client speaks first: a direction that is still empty cannot be the one with the requests.
Verdict judge_beginning(const Evidence& evidence) {
    const ByteView sent = evidence.side(Direction::sent).bytes;
    const ByteView received = evidence.side(Direction::received).bytes;
    Verdict verdict = Verdict::no;
    for (const auto& [requests, replies] : {std::pair(sent, received), std::pair(received, sent)}) {
        const Verdict one = requests.empty() ? Verdict::no : judge(requests, replies);
        verdict = std::max(verdict, one);
    }
    return verdict;
}

/// Something that begins where a message does, or, in bytes that may begin anywhere, behind a CRLF.
class Search {
  public:
    using Plausible = Verdict (*)(ByteView);
    explicit Search(Plausible plausible) : plausible_(plausible) {}

    bool in_message() const { return in_message_ == Verdict::yes; }
    bool anywhere() const { return in_message() || anywhere_; }
    bool open() const { return in_message_ == Verdict::need_more; }
    std::size_t message() const { return message_; }
    /// Where anywhere() is.
    std::size_t place() const { return anywhere_ ? searched_ : message_; }

    void look(const Evidence::Side& side, bool anywhere) {
        if (side.bytes.empty()) {
            return;
        }
        if (!begun_ || message_ != side.message) {
            begun_ = true;
            message_ = side.message;
            in_message_ = Verdict::need_more;
        }
        if (in_message_ == Verdict::need_more) {
            in_message_ = plausible_(side.bytes.substr(message_));
        }
        while (anywhere && !anywhere_) {
            const std::size_t line = side.bytes.find("\r\n", searched_);
            if (line == ByteView::npos) {
                searched_ = std::max(searched_, side.bytes.size() - 1);
                return;
            }
            searched_ = line;
            const Verdict verdict = plausible_(side.bytes.substr(line + 2));
            if (verdict == Verdict::need_more) {
                return;
            }
            anywhere_ = verdict == Verdict::yes;
            searched_ = line + 2;
        }
    }

  private:
    Plausible plausible_;
    bool begun_ = false;
    std::size_t message_ = 0;
    Verdict in_message_ = Verdict::no;  ///< of the latest message
    bool anywhere_ = false;
    std::size_t searched_ = 0;
};

/// Whether all of it is whole values: of clients, arrays alone.
bool is_exactly(redis::RespReader::Grammar grammar, ByteView bytes) {
    redis::RespReader reader(grammar, {});
    while (!bytes.empty()) {
        if (grammar == redis::RespReader::Grammar::requests && bytes.front() != '*') {
            return false;
        }
        if (reader.read(bytes) != redis::RespReader::Result::value) {
            return false;
        }
        reader.take();
    }
    return true;
}

Verdict known_request(ByteView bytes) {
    return plausible_request(bytes, true);
}

class RedisDetector final : public Detector {
  public:
    Verdict look(const Evidence& evidence) override {
        if (evidence.connection.endpoints.transport == Transport::udp || refused_) {
            return Verdict::no;
        }
        if (evidence.start == Evidence::Start::beginning) {
            const Verdict verdict = judge_beginning(evidence);
            refused_ = verdict == Verdict::no;
            return verdict;
        }
        const Evidence::Side& sent = evidence.side(Direction::sent);
        const Evidence::Side& received = evidence.side(Direction::received);
        const bool anywhere = evidence.start == Evidence::Start::anywhere &&
                              sent.bytes.size() + received.bytes.size() < kMaxAnywhere;
        return std::max(halves_[0].look(sent, received, anywhere), halves_[1].look(received, sent, anywhere));
    }
    std::size_t foreign(Direction direction) const override {
        for (std::size_t requests = 0; requests < halves_.size(); ++requests) {
            const Half& half = halves_[requests];
            if (half.answered) {
                return static_cast<std::size_t>(direction) == requests ? half.asked_by : half.reply.message();
            }
        }
        return 0;
    }
    std::size_t held() const override { return allocated(sizeof(*this)); }

  private:
    /// One direction as that of the requests: a known command, and the other side's next message answers it.
    struct Half {
        Search request{known_request};
        Search reply{plausible_reply};
        std::size_t asked_by = ByteView::npos;  ///< the message with the request
        std::size_t replies_before = 0;         ///< bytes of the other side when it was seen
        bool asked = false;                     ///< and not answered yet
        bool answered = false;

        Verdict look(const Evidence::Side& requests, const Evidence::Side& replies, bool anywhere) {
            request.look(requests, anywhere);
            reply.look(replies, anywhere);
            if (request.in_message() && asked_by != request.message()) {
                asked = true;
                asked_by = request.message();
                replies_before = replies.bytes.size();
            }
            if (asked && !replies.bytes.empty() && replies.message >= replies_before) {
                if (reply.in_message()) {
                    answered = true;
                    return Verdict::yes;
                }
                asked = reply.open();
            }
            if (anywhere && request.anywhere() && reply.anywhere()) {
                // Messages of others that carry it go on behind it.
                using Grammar = redis::RespReader::Grammar;
                const bool exact = reply.in_message() &&
                                   is_exactly(Grammar::requests, requests.bytes.substr(request.place())) &&
                                   is_exactly(Grammar::replies, replies.bytes.substr(reply.message()));
                return exact ? Verdict::yes : Verdict::likely;
            }
            return asked || anywhere || request.open() ? Verdict::need_more : Verdict::no;
        }
    };

    bool refused_ = false;  ///< the beginning
    std::array<Half, 2> halves_;
};

}  // namespace

std::unique_ptr<Detector> detect_redis() {
    return std::make_unique<RedisDetector>();
}

/// Only what a client says: a reply alone proves nothing.
bool may_begin_redis(ByteView message, const ConnectionInfo& connection) {
    return message.starts_with('*') && connection.endpoints.transport != Transport::udp &&
           plausible_request(message, true) != Verdict::no;
}

std::unique_ptr<ProtocolParser> create_redis(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<redis::RedisParser>(host, limits);
}

}  // namespace sslsniff
