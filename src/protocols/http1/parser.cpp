#include "protocols/http1/parser.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "protocols/http/http_upgrade.h"
#include "protocols/http1/http1.h"

namespace sslsniff::http1 {
namespace {

constexpr std::size_t kMaxHeld = std::size_t{256} * 1024;

std::size_t index(Direction direction) {
    return static_cast<std::size_t>(direction);
}

/// The request after which, if the server agrees, HTTP is over (RFC 9110 sections 7.8 and 9.3.6).
bool may_switch(const HttpRequest& request) {
    return request.method == "CONNECT" ||
           (request.headers.has_token("Connection", "upgrade") && request.headers.find("Upgrade"));
}

}  // namespace

Parser::Parser(ParserHost& host, const ParserLimits& limits)
    : host_(host),
      limits_(limits),
      queue_(host, limits_),
      requests_(Kind::request, *this, limits_),
      responses_(Kind::response, *this, limits_) {}

MessageReader& Parser::reader(Direction direction) {
    return direction == request_direction_ ? requests_ : responses_;
}

/// True while bytes of this direction cannot be understood: nobody knows its kind, or HTTP may be over.
bool Parser::waits(Direction direction) const {
    return !request_direction_ || (deciding_ && direction == *request_direction_);
}

ProtocolParser::Status Parser::feed(Direction direction, ByteView bytes, Timestamp time) {
    if (!request_direction_ && guess(direction, bytes)) {
        release_guessed();
    }
    read(direction, bytes, time);
    return rejected_ ? Status::rejected : Status::ok;
}

/// Reads or holds one chunk.
void Parser::read(Direction direction, ByteView bytes, Timestamp time) {
    while (!bytes.empty()) {
        while (waits(direction)) {
            if (hold(direction, bytes, time, std::nullopt)) {
                return;
            }
            if (!request_direction_) {
                rejected_ = true;
                return;
            }
            undecided_ = true;
            deciding_ = false;  // too much to wait any longer: take it for HTTP
            release_requests();
        }
        bytes.remove_prefix(reader(direction).feed(bytes, time));
        if (switching_) {
            switch_protocol(direction, bytes);
            return;
        }
    }
}

bool Parser::guess(Direction direction, ByteView bytes) {
    Guess& guess = guesses_[index(direction)];
    if (!guess.request_possible && !guess.status_possible) {
        guess = Guess(StartLineMatcher::Methods::known);
    }
    for (const char c : bytes) {
        if (guess.request_possible) {
            const Verdict verdict = guess.request.push(c);
            guess.request_possible = verdict != Verdict::no;
            if (verdict == Verdict::yes) {
                evidence_ = Kind::request;
                set_request_direction(direction);
                return true;
            }
        }
        if (guess.status_possible) {
            const Verdict verdict = guess.status.push(c);
            guess.status_possible = verdict != Verdict::no;
            if (verdict == Verdict::yes) {
                evidence_ = Kind::response;
                set_request_direction(opposite(direction));
                return true;
            }
        }
        if (!guess.request_possible && !guess.status_possible) {
            return false;
        }
    }
    return false;
}

/// Nothing more will come. What one side said may be a start line that went wrong.
void Parser::guess_from_held() {
    for (const Direction direction : {Direction::sent, Direction::received}) {
        Bytes beginning;
        for (const Held& held : held_) {
            if (held.direction == direction && !held.gap && beginning.size() < kMaxMethod) {
                beginning += held.bytes;
            }
        }
        const StartLineResemblance found = resembles_start_line(beginning);
        if (!beginning.empty() && found.verdict != Verdict::no) {
            set_request_direction(found.kind == Kind::request ? direction : opposite(direction));
            release_guessed();
            return;
        }
    }
}

void Parser::set_request_direction(Direction direction) {
    request_direction_ = direction;
    host_.set_role(direction == Direction::sent ? Role::client : Role::server);
}

bool Parser::hold(Direction direction, ByteView bytes, Timestamp time, std::optional<std::uint64_t> gap) {
    if (held_bytes_ + bytes.size() > kMaxHeld) {
        return false;
    }
    held_bytes_ += bytes.size() + sizeof(Held);
    held_.push_back({direction, time, Bytes(bytes), gap});
    return true;
}

/// Reads what was held until the direction of the requests was known. Some of it may be held again.
void Parser::release_guessed() {
    held_bytes_ = 0;
    for (const Held& held : std::exchange(held_, {})) {
        if (held.gap) {
            gap(held.direction, *held.gap, held.time);
        } else {
            read(held.direction, held.bytes, held.time);
        }
    }
}

/// Reads requests that were held, up to the next one that may end HTTP on this connection.
void Parser::release_requests() {
    while (!held_.empty() && !deciding_) {
        Held held = std::move(held_.front());
        held_.pop_front();
        held_bytes_ -= held.bytes.size() - held.begin + sizeof(Held);
        if (held.gap) {
            requests_.gap(*held.gap, held.time);
            continue;
        }
        held.begin += requests_.feed(ByteView(held.bytes).substr(held.begin), held.time);
        if (held.begin < held.bytes.size()) {
            held_bytes_ += held.bytes.size() - held.begin + sizeof(Held);
            held_.push_front(std::move(held));
        }
    }
}

void Parser::gap(Direction direction, std::uint64_t bytes, Timestamp time) {
    while (waits(direction)) {
        guesses_[index(direction)] = Guess(StartLineMatcher::Methods::known);
        if (hold(direction, {}, time, bytes)) {
            return;
        }
        if (!request_direction_) {
            rejected_ = true;
            return;
        }
        deciding_ = false;
        release_requests();
    }
    if (direction == request_direction_) {
        queue_.set_not_understood(host_.not_understood(direction));
    }
    reader(direction).gap(bytes, time);
}

void Parser::end_of_stream(Direction direction, Timestamp time) {
    if (request_direction_ && !waits(direction)) {
        reader(direction).end(true, time);
    }
}

void Parser::finish(Timestamp time) {
    if (!request_direction_) {
        guess_from_held();
    }
    while (deciding_ && request_direction_) {
        deciding_ = false;
        release_requests();
    }
    requests_.end(false, time);
    responses_.end(false, time);
    queue_.finish();
}

std::size_t Parser::held() const {
    return allocated(sizeof(*this)) + kEmptyDeque + held_bytes_ + requests_.held() + responses_.held() +
           queue_.held();
}

std::uint64_t Parser::give_up(std::size_t bytes) {
    const std::size_t before = held();
    const std::size_t goal = before - std::min(before, bytes);
    std::uint64_t number = queue_.give_up(bytes);
    for (MessageReader* reader : {&requests_, &responses_}) {
        number += held() > goal && reader->shed() ? 1 : 0;
    }
    return number + (held() > goal && drop_held() ? 1 : 0);
}

/// Turns input that waits into a gap. False when there is none.
bool Parser::drop_held() {
    std::array<std::uint64_t, 2> dropped{};
    for (const Held& held : held_) {
        dropped[index(held.direction)] += held.bytes.size() - held.begin;
    }
    if (dropped[0] + dropped[1] == 0) {
        return false;
    }
    const Timestamp time = held_.back().time;
    held_ = {};
    held_bytes_ = 0;
    guesses_.fill(Guess(StartLineMatcher::Methods::known));
    for (const Direction direction : {Direction::sent, Direction::received}) {
        if (dropped[index(direction)] != 0) {
            hold(direction, {}, time, 0);
        }
    }
    return true;
}

Listener::Destination Parser::on_head(Kind kind, Head&& head) {
    sure_ = true;
    if (kind == Kind::response) {
        return on_response_head(std::move(head));
    }
    HttpRequest& request = queue_.begin_request(std::move(head), requests_.now());
    return {&request, request.method != "CONNECT"};
}

Listener::Destination Parser::on_response_head(Head&& head) {
    if (head.is_informational()) {
        queue_.add_informational(std::move(head));
        return {nullptr, false};
    }
    HttpResponse& response = queue_.begin_response(std::move(head));
    const ExchangeQueue::Slot& slot = *queue_.current(Kind::response);
    const HttpRequest* request = slot.exchange->request ? &*slot.exchange->request : nullptr;
    const bool tunnel = request != nullptr && request->method == "CONNECT" && response.status / 100 == 2;
    const bool upgrade = response.status == 101;
    const bool head_only = request != nullptr && request->method == "HEAD";
    if (upgrade) {
        successor_ = create_upgraded(
            host_, limits_, {request != nullptr ? *request : HttpRequest{}, response, slot.timing.start});
    }
    if (tunnel) {
        host_.set_tunnel({"CONNECT", {}, request->target});
    }
    switching_ = tunnel || upgrade;
    tunnel_ = tunnel;
    const bool never = response.status == 204 || response.status == 304;  // RFC 9112 section 6.3
    return {&response, !tunnel && !upgrade && !head_only && !never};
}

bool Parser::on_end(Kind kind) {
    ExchangeQueue::Slot* const slot = queue_.current(kind);
    if (slot == nullptr) {
        return true;  // an informational response
    }
    if (kind == Kind::request) {
        // An early response may have decided already.
        deciding_ = may_switch(*slot->exchange->request) && !slot->response_begun;
        queue_.end_request(requests_.now());
        return !deciding_;
    }
    queue_.end_response(responses_.now());
    // The answer to the last request, or too many were lost to wait for it.
    if (deciding_ && !switching_ && queue_.next_for_response() == nullptr) {
        deciding_ = false;
        release_requests();
    }
    return !switching_;
}

void Parser::on_body_gap(Kind kind, std::uint64_t bytes) {
    queue_.damage(kind, bytes, kind == Kind::request ? "gap in request body" : "gap in response body");
}

void Parser::on_broken(Kind kind, Head* head, const Breakage& breakage) {
    if (head != nullptr) {
        if (!head->start_line_done) {
            rejected_ = !sure_ && breakage.missing == 0 && kind == evidence_;
            if (kind == Kind::request) {
                queue_.owe_response();
            }
            return;
        }
        if (kind == Kind::request) {
            queue_.begin_request(std::move(*head), requests_.now());
        } else if (!head->is_informational()) {
            queue_.begin_response(std::move(*head));
        }
    }
    queue_.damage(kind, breakage.missing, breakage.reason);
    queue_.cut(kind);
}

void Parser::on_refused(Kind kind, Timestamp start, ByteView line) {
    if (kind == Kind::request && undecided_) {
        queue_.owe_response();  // what is inside of a tunnel
    } else if (kind == Kind::request) {
        queue_.refuse_request(line, start);
    } else {
        queue_.refuse_response(line);
    }
}

void Parser::on_lost(Kind kind, std::uint64_t bytes) {
    queue_.lost(kind, bytes, kind == Kind::request ? requests_.now() : responses_.now());
}

/// Hands over to the next protocol: `rest` of the response direction, and what was held of the other up to a
/// gap.
void Parser::switch_protocol(Direction direction, ByteView rest) {
    Bytes held;
    for (const Held& entry : held_) {
        if (entry.gap) {
            break;
        }
        held += ByteView(entry.bytes).substr(entry.begin);
    }
    queue_.finish();
    const bool received = direction == Direction::received;
    const ByteView sent_rest = received ? ByteView(held) : rest;
    const ByteView received_rest = received ? rest : ByteView(held);
    if (tunnel_) {
        host_.begin_tls(nullptr, sent_rest, received_rest);
    } else {
        host_.become(std::move(successor_), sent_rest, received_rest);
    }
}

}  // namespace sslsniff::http1

namespace sslsniff {

std::unique_ptr<ProtocolParser> create_http1(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<http1::Parser>(host, limits);
}

}  // namespace sslsniff
