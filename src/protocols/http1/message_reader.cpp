#include "protocols/http1/message_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/give_back.h"
#include "base/memory.h"
#include "model/names.h"
#include "protocols/http/token.h"

namespace sslsniff::http1 {
namespace {

using Cause = Listener::Breakage::Cause;
constexpr Names<Cause, 3> kCauses{
    {{Cause::malformed, "malformed"}, {Cause::gap, "gap in"}, {Cause::ended, "connection ended in"}}};

/// Of a line that is no start line, so much is shown.
constexpr std::size_t kMaxRefusedLine = 128;

/// What peers accept from each other is to be reported, as far as llhttp can be talked into it. Since version
/// 9 it takes a lone LF for a line end only when asked to (RFC 9112 section 2.2).
constexpr decltype(llhttp_t::lenient_flags) kLenient =
    LENIENT_HEADERS | LENIENT_CHUNKED_LENGTH | LENIENT_KEEP_ALIVE | LENIENT_TRANSFER_ENCODING
#if LLHTTP_VERSION_MAJOR >= 9
    | LENIENT_OPTIONAL_CR_BEFORE_LF | LENIENT_OPTIONAL_LF_AFTER_CR | LENIENT_SPACES_AFTER_CHUNK_SIZE
#endif
    ;

bool is_above_ascii(char c) {
    return static_cast<unsigned char>(c) > 0x7F;
}

/// Of a request line: one byte above 0x7F, or all before the next of them, at most to the end of the line.
const char* end_of_piece(const char* at, const char* end) {
    if (is_above_ascii(*at)) {
        return at + 1;
    }
    const char* const stop = std::find_if(at, end, [](char c) { return is_above_ascii(c) || c == '\n'; });
    return stop != end && *stop == '\n' ? stop + 1 : stop;
}

}  // namespace

MessageReader::MessageReader(Kind kind, Listener& listener, const ParserLimits& limits)
    : listener_(listener), limits_(limits), kind_(kind), matcher_(kind) {}

std::size_t MessageReader::feed(ByteView bytes, Timestamp time) {
    now_ = time;
    stop_ = false;
    if (state_ == State::lost && !on_candidate_) {
        begin_candidate();  // what one call sends often begins with a message
    }
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end && !stop_) {
        step(at, end);
    }
    return static_cast<std::size_t>(at - bytes.data());
}

void MessageReader::step(const char*& at, const char* end) {
    switch (state_) {
        case State::idle:
            if (*at == '\r' || *at == '\n') {
                ++at;  // RFC 9112 section 2.2: empty lines before a message
            } else {
                start_message(now_, false);
            }
            break;
        case State::method:
            read_method(at, end);
            break;
        case State::parsing:
            run_parser(at, end);
            break;
        case State::refused:
            read_refused_line(at, end);
            break;
        case State::lost:
            search(at, end);
            break;
    }
}

void MessageReader::start_message(Timestamp start, bool found_by_search) {
    head_ = {};
    head_.start = start;
    line_.clear();
    found_by_search_ = found_by_search;
    head_done_ = in_chunk_ = in_field_ = truncated_ = false;
    framing_ = Framing::none;
    body_limit_ = limits_.max_body;
    llhttp_init(&parser_, kind_ == Kind::request ? HTTP_REQUEST : HTTP_RESPONSE, &settings());
    parser_.data = this;
    parser_.lenient_flags = kLenient;
    state_ = kind_ == Kind::request ? State::method : State::parsing;
}

/// Takes the method itself, since llhttp refuses the ones it does not know, and gives llhttp a stand-in. Only
/// CONNECT has a grammar of its own.
void MessageReader::read_method(const char*& at, const char* end) {
    const char* const stop = std::find_if_not(at, end, is_token_char);
    note_line(at, stop);
    head_.method.append(at, std::min(stop, at + kMaxMethod));
    at = stop;
    if (head_.method.size() >= kMaxMethod || head_.method.empty() || (stop != end && *stop != ' ') ||
        (stop != end && head_.method == "PRI")) {
        head_.method.clear();
        refuse();
        return;
    }
    if (stop != end) {
        const ByteView stand_in = head_.method == "CONNECT" ? "CONNECT" : "GET";
        llhttp_execute(&parser_, stand_in.data(), stand_in.size());
        state_ = State::parsing;
    }
}

void MessageReader::run_parser(const char*& at, const char* end) {
    if (kind_ == Kind::request && !head_.start_line_done) {
        end = end_of_piece(at, end);
    }
    const char* const begin = at;
    // llhttp 9 refuses bytes above 0x7F in the request target, which clients send as they were typed and
    // servers accept: it gets a stand-in for each, and add_target() the byte.
    const bool stands_in =
        end == at + 1 && kind_ == Kind::request && !head_.start_line_done && is_above_ascii(*at);
    original_ = stands_in ? ByteView(at, 1) : ByteView();
    const char* const given = stands_in ? "x" : at;
    const llhttp_errno_t error = llhttp_execute(&parser_, given, static_cast<std::size_t>(end - at));
    original_ = {};
    const std::ptrdiff_t offset = error == HPE_OK ? end - at : llhttp_get_error_pos(&parser_) - given;
    at = offset >= 0 && offset <= end - at ? at + offset : end;
    if (!head_.start_line_done) {
        note_line(begin, at);
    }
    if (error == HPE_OK) {
        return;
    }
    if (error == HPE_PAUSED) {
        complete();  // on_message_complete pauses
    } else {
        refuse();
    }
}

void MessageReader::complete() {
    state_ = State::idle;
    head_done_ = false;
    if (message_ != nullptr) {
        message_->trailers_truncated = truncated_;
        message_->end(now_);
    }
    message_ = nullptr;
    stop_ = !listener_.on_end(kind_);
}

void MessageReader::note_line(const char* at, const char* end) {
    if (line_.size() < kMaxRefusedLine && !line_.ends_with('\n')) {
        end = std::min(end, at + (kMaxRefusedLine - line_.size()));
        const char* const newline = std::find(at, end, '\n');
        line_.append(at, newline == end ? end : newline + 1);
    }
}

/// The bytes are not HTTP. A message found by searching is only believed when its header section made sense.
void MessageReader::refuse() {
    if (found_by_search_ && !head_done_) {
        lose(0);
    } else if (head_done_ || head_.start_line_done) {
        abandon(Cause::malformed, 0);
    } else {
        state_ = State::refused;
    }
}

void MessageReader::abandon(Cause cause, std::uint64_t missing) {
    std::string reason(name_of(kCauses, cause));
    reason += kind_ == Kind::request ? " request" : " response";
    reason += head_done_ ? " body" : " headers";
    if (!head_done_) {
        describe_start_line();
    }
    if (message_ != nullptr) {
        message_->trailers_truncated = truncated_;
    }
    listener_.on_broken(kind_, head_done_ ? nullptr : &head_, {cause, missing, std::move(reason)});
    message_ = nullptr;
    head_done_ = false;
    lose(missing);
}

/// Shows the whole line, however it comes.
void MessageReader::read_refused_line(const char*& at, const char* end) {
    const char* const stop = std::find(at, end, '\n');
    note_line(at, stop);
    if (stop != end || line_.ends_with('\n') || line_.size() == kMaxRefusedLine) {
        end_refused_line();
    }
    at = stop;
}

void MessageReader::end_refused_line() {
    const std::size_t size = line_.find_last_not_of("\r\n") + 1;
    listener_.on_refused(kind_, head_.start, ByteView(line_).substr(0, size));
    lose(0);
}

void MessageReader::lose(std::uint64_t bytes) {
    state_ = State::lost;
    on_candidate_ = skipping_ = false;
    candidate_.clear();
    listener_.on_lost(kind_, bytes);
}

void MessageReader::gap(std::uint64_t bytes, Timestamp time) {
    now_ = time;
    if (state_ == State::refused) {
        end_refused_line();
    }
    if (state_ == State::idle || state_ == State::lost) {
        lose(bytes);
    } else if (!head_done_ || !gap_in_body(bytes)) {
        abandon(Cause::gap, bytes);
    }
}

/// True when the framing tells where in the body the stream goes on.
bool MessageReader::gap_in_body(std::uint64_t bytes) {
    if (framing_ == Framing::until_close) {
        miss(bytes);
        return true;
    }
    // llhttp counts content_length down to what remains of the body or of the chunk.
    const std::uint64_t remaining = parser_.content_length;
    const bool in_data = framing_ == Framing::length || (framing_ == Framing::chunked && in_chunk_);
    if (!in_data || bytes == 0 || (framing_ == Framing::chunked && bytes > remaining)) {
        return false;
    }
    miss(std::min(bytes, remaining));
    parser_.content_length -= std::min(bytes, remaining);
    if (framing_ == Framing::length && parser_.content_length == 0) {
        complete();
        if (bytes > remaining) {
            lose(bytes - remaining);
        }
    }
    return true;
}

void MessageReader::miss(std::uint64_t bytes) {
    body_limit_ = 0;  // what is kept stays a prefix
    if (message_ != nullptr) {
        message_->miss(bytes);
    }
    listener_.on_body_gap(kind_, bytes);
}

void MessageReader::end(bool orderly, Timestamp time) {
    now_ = time;
    if (state_ == State::idle || state_ == State::lost) {
        return;
    }
    if (orderly && head_done_ && framing_ == Framing::until_close) {
        complete();
    } else if (state_ == State::refused) {
        end_refused_line();
    } else {
        abandon(Cause::ended, 0);
    }
}

std::size_t MessageReader::held() const {
    return heap_bytes(head_.method) + heap_bytes(head_.target) + heap_bytes(head_.reason) +
           head_.headers.held() + heap_bytes(candidate_) + heap_bytes(line_);
}

bool MessageReader::shed() {
    constexpr std::size_t kSmall = 4096;
    if (head_done_ || head_.headers.held() + head_.target.size() <= 2 * kSmall) {
        return false;
    }
    give_back(head_.headers);
    head_.target.resize(std::min(head_.target.size(), kSmall));
    head_.target.shrink_to_fit();
    truncated_ = true;
    return true;
}

/// Bytes pass that belong to nothing known: the end of something, for one thing.
void MessageReader::note_skipping() {
    if (!std::exchange(skipping_, true)) {
        listener_.on_lost(kind_, 1);
    }
}

void MessageReader::begin_candidate() {
    matcher_.reset();
    candidate_.clear();
    candidate_time_ = now_;
    on_candidate_ = true;
}

/// Looks for a start line at the beginning of each line.
void MessageReader::search(const char*& at, const char* end) {
    const char* begin = at;  // of the candidate, as far as it lies in this chunk
    while (at != end) {
        if (!on_candidate_) {
            note_skipping();
            const void* newline = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
            if (newline == nullptr) {
                at = end;
                return;
            }
            begin = at = static_cast<const char*>(newline) + 1;
            begin_candidate();
            continue;
        }
        const Verdict verdict = matcher_.push(*at);
        if (verdict == Verdict::no && !candidate_.empty()) {
            at = begin;  // it began in an earlier chunk; this chunk may be a beginning as well
            begin_candidate();
            continue;
        }
        if (verdict == Verdict::no) {
            on_candidate_ = false;  // *at may be the newline to go on from
            continue;
        }
        ++at;
        if (matcher_.is_fresh()) {
            note_skipping();
            begin = at;  // an empty line
        }
        if (verdict == Verdict::yes) {
            on_candidate_ = false;
            if (replay_candidate()) {
                at = begin;
            }
            return;
        }
    }
    candidate_.append(begin, end);
}

/// Starts a message with the bytes of the candidate that came in earlier chunks. False when they already
/// prove it wrong.
bool MessageReader::replay_candidate() {
    const Bytes bytes = std::exchange(candidate_, {});
    start_message(candidate_time_, true);
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end && state_ != State::lost) {
        step(at, end);
    }
    return state_ != State::lost;
}

/// What llhttp calls while the reader runs it.
struct MessageReader::Callbacks {
    static MessageReader& self(llhttp_t* parser) { return *static_cast<MessageReader*>(parser->data); }

    static llhttp_settings_t make() {
        llhttp_settings_t settings;
        llhttp_settings_init(&settings);
        settings.on_url = [](llhttp_t* parser, const char* at, std::size_t length) {
            MessageReader& reader = self(parser);
            reader.add_target(reader.original_.empty() ? ByteView(at, length) : reader.original_);
            return 0;
        };
        settings.on_status = [](llhttp_t* parser, const char* at, std::size_t length) {
            Head& head = self(parser).head_;
            head.reason.append(at, std::min(length, kMaxReason - std::min(kMaxReason, head.reason.size())));
            return 0;
        };
        // A request line ends with the version, a status line with the reason.
        settings.on_version_complete = [](llhttp_t* parser) {
            MessageReader& reader = self(parser);
            reader.head_.start_line_done |= reader.kind_ == Kind::request;
            return 0;
        };
        settings.on_status_complete = [](llhttp_t* parser) {
            constexpr int kStop = -1;
            self(parser).head_.start_line_done |= parser->status_code != 0;
            return parser->status_code != 0 ? 0 : kStop;  // two blanks before the status: llhttp takes them
        };
        settings.on_header_field = [](llhttp_t* parser, const char* at, std::size_t length) {
            self(parser).add_field_name({at, length});
            return 0;
        };
        settings.on_header_field_complete = [](llhttp_t* parser) {
            self(parser).in_field_ = false;
            return 0;
        };
        settings.on_header_value = [](llhttp_t* parser, const char* at, std::size_t length) {
            self(parser).add_field_value({at, length});
            return 0;
        };
        settings.on_header_value_complete = [](llhttp_t* parser) {
            MessageReader& reader = self(parser);
            if (reader.keeps_fields()) {
                reader.fields().trim_value();
            }
            return 0;
        };
        settings.on_headers_complete = [](llhttp_t* parser) { return self(parser).finish_head(); };
        settings.on_body = [](llhttp_t* parser, const char* at, std::size_t length) {
            const MessageReader& reader = self(parser);
            if (reader.message_ != nullptr) {
                reader.message_->receive({at, length}, reader.body_limit_, reader.now_);
            }
            return 0;
        };
        settings.on_chunk_header = [](llhttp_t* parser) {
            self(parser).in_chunk_ = parser->content_length > 0;
            return 0;
        };
        settings.on_chunk_complete = [](llhttp_t* parser) {
            self(parser).in_chunk_ = false;
            return 0;
        };
        settings.on_message_complete = [](llhttp_t*) { return static_cast<int>(HPE_PAUSED); };
        return settings;
    }

    static constexpr std::size_t kMaxReason = 1024;
};

const llhttp_settings_t& MessageReader::settings() {
    static const llhttp_settings_t table = Callbacks::make();
    return table;
}

std::size_t MessageReader::room() {
    const std::size_t used = fields().cost() + (head_done_ ? 0 : head_.target.size());
    return used < limits_.max_headers ? limits_.max_headers - used : 0;
}

/// True while field bytes have somewhere to go: not past the bound, and trailers only of a message that is
/// kept.
bool MessageReader::keeps_fields() const {
    return !truncated_ && (!head_done_ || message_ != nullptr);
}

void MessageReader::add_target(ByteView bytes) {
    const ByteView kept = bytes.substr(0, room());
    head_.target.append(kept);
    truncated_ |= kept.size() < bytes.size();
}

void MessageReader::add_field_name(ByteView bytes) {
    if (!keeps_fields()) {
        return;
    }
    if (!in_field_) {
        if (room() <= HttpHeaders::kFieldCost) {
            truncated_ = true;
            return;
        }
        fields().begin_field();
        in_field_ = true;
    }
    const ByteView kept = bytes.substr(0, room());
    fields().extend_name(kept);
    truncated_ = kept.size() < bytes.size();
}

void MessageReader::add_field_value(ByteView bytes) {
    if (keeps_fields()) {
        const ByteView kept = bytes.substr(0, room());
        fields().extend_value(kept);
        truncated_ = kept.size() < bytes.size();
    }
}

void MessageReader::describe_start_line() {
    if (kind_ == Kind::response) {
        head_.status = parser_.status_code;
    }
    head_.version = "HTTP/";
    head_.version += static_cast<char>('0' + parser_.http_major);
    head_.version += '.';
    head_.version += static_cast<char>('0' + parser_.http_minor);
    head_.truncated = truncated_;
}

/// Returns what llhttp's on_headers_complete may: 1 for "no body follows", else 0.
int MessageReader::finish_head() {
    describe_start_line();
    truncated_ = false;
    const Listener::Destination destination = listener_.on_head(kind_, std::move(head_));
    message_ = destination.message;
    head_done_ = true;
    // RFC 9112 section 6.3, in the order llhttp decides it.
    if (!destination.has_body) {
        framing_ = Framing::none;
    } else if ((parser_.flags & F_CHUNKED) != 0) {
        framing_ = Framing::chunked;
    } else if ((parser_.flags & F_TRANSFER_ENCODING) == 0 && (parser_.flags & F_CONTENT_LENGTH) != 0) {
        framing_ = Framing::length;
    } else if ((parser_.flags & F_TRANSFER_ENCODING) != 0 || llhttp_message_needs_eof(&parser_) != 0) {
        framing_ = Framing::until_close;
    }
    return destination.has_body ? 0 : 1;
}

}  // namespace sslsniff::http1
