// Which connections speak HTTP/1: a message begins with a start line that is beyond doubt.
#include <algorithm>
#include <array>
#include <utility>

#include "base/memory.h"
#include "protocols/http1/http1.h"
#include "protocols/http1/start_line.h"

namespace sslsniff {
namespace {

using http1::StartLineMatcher;

constexpr std::size_t kLongestMethod = 17;
constexpr ByteView kStatusLine = "HTTP/1.";

/// The beginning of one direction's latest message, which may be either kind.
class MessageStart {
  public:
    explicit MessageStart(StartLineMatcher::Methods methods = StartLineMatcher::Methods::known)
        : request_(StartLineMatcher::Kind::request, methods) {}

    Verdict look(const Evidence::Side& side) {
        if (side.message != message_ && !possible()) {
            *this = MessageStart();
            searched_ = message_ = side.message;
        }
        Verdict verdict = possible() ? Verdict::need_more : Verdict::no;
        for (; verdict == Verdict::need_more && searched_ < side.bytes.size(); ++searched_) {
            verdict = push(side.bytes[searched_]);
        }
        known_ = verdict == Verdict::yes;
        return verdict;
    }
    bool is_known() const { return known_; }
    std::size_t message() const { return message_; }

  private:
    bool possible() const { return request_possible_ || status_possible_; }
    Verdict push(char c) {
        const Verdict request = request_possible_ ? request_.push(c) : Verdict::no;
        const Verdict status = status_possible_ ? status_.push(c) : Verdict::no;
        request_possible_ = request != Verdict::no;
        status_possible_ = status != Verdict::no;
        return std::max(request, status);
    }

    std::size_t message_ = 0;
    std::size_t searched_ = 0;
    bool known_ = false;
    bool request_possible_ = true;
    bool status_possible_ = true;
    StartLineMatcher request_;
    StartLineMatcher status_{StartLineMatcher::Kind::response};
};

class Http1Detector final : public Detector {
  public:
    Verdict look(const Evidence& evidence) override {
        Verdict verdict = Verdict::no;
        const bool beginning = evidence.start == Evidence::Start::beginning;
        if (!std::exchange(begun_, true) && beginning) {
            starts_.fill(MessageStart(StartLineMatcher::Methods::any));
        }
        bool other = false;  // one side said something else
        bool waits = false;  // one side's start line may have gone wrong
        if (evidence.connection.endpoints.transport == Transport::udp) {
            return verdict;  // SSDP has messages of the same form, which are neither paired nor on one
                             // connection
        }
        for (const Direction direction : {Direction::sent, Direction::received}) {
            const Evidence::Side& side = evidence.side(direction);
            if (side.bytes.empty()) {
                continue;
            }
            MessageStart& latest = starts_[static_cast<std::size_t>(direction)];
            const Verdict start = latest.look(side);
            verdict = std::max(verdict, start);
            if (start == Verdict::no && beginning) {
                const Verdict wrong = http1::resembles_start_line(side.bytes).verdict;
                verdict = std::max(verdict, wrong == Verdict::yes ? wrong : Verdict::no);
                waits = waits || wrong == Verdict::need_more;
                other = other || wrong == Verdict::no;
            }
        }
        return waits && !other ? std::max(verdict, Verdict::need_more) : verdict;
    }
    std::size_t foreign(Direction direction) const override {
        const MessageStart& start = starts_[static_cast<std::size_t>(direction)];
        return start.is_known() ? start.message() : 0;
    }
    std::size_t held() const override { return allocated(sizeof(*this)); }

  private:
    bool begun_ = false;
    std::array<MessageStart, 2> starts_;
};

}  // namespace

std::unique_ptr<Detector> detect_http1() {
    return std::make_unique<Http1Detector>();
}

bool may_begin_http1(ByteView message, const ConnectionInfo& connection) {
    const std::size_t begin = message.find_first_not_of("\r\n");  // RFC 9112 section 2.2
    if (begin == ByteView::npos) {
        return message.size() <= 2;
    }
    const ByteView line = message.substr(begin, kLongestMethod + 1);
    if (line.front() < 'A' || line.front() > 'Z' || connection.endpoints.transport == Transport::udp) {
        return false;
    }
    if (line.starts_with(kStatusLine)) {
        return true;
    }
    const std::size_t space = line.find(' ');
    return space != ByteView::npos ? http1::is_known_method(line.substr(0, space))
                                   : line.size() <= kLongestMethod &&
                                         (http1::begins_known_method(line) || kStatusLine.starts_with(line));
}

}  // namespace sslsniff
