// Reads RESP as redis-server and hiredis do, one line or payload at a time. The position inside a value is
// the stack `open_` (aggregates not yet full) plus the state of the current line or payload. Only two things
// are ever buffered: a header line cut by a chunk border, and what the value keeps within its limits.
#include "protocols/redis/resp_reader.h"

#include <algorithm>
#include <utility>

#include "protocols/redis/inline_command.h"
#include "protocols/redis/resp_number.h"

namespace sslsniff::redis {
namespace {

// Longest line that holds a number: RESP3 doubles with 17 digits and an exponent, with room.
constexpr std::size_t kMaxNumberLine = 128;
// PROTO_INLINE_MAX_SIZE of redis-server.
constexpr std::size_t kMaxInline = 65'536;
// redis-server's proto-max-bulk-len is 512 MiB unless configured; more than this is not RESP.
constexpr std::int64_t kMaxString = std::int64_t{4} << 30;
constexpr std::int64_t kMaxElements = INT32_MAX;
// Lua replies and FUNCTION LIST nest a few levels; hiredis refuses more than nine.
constexpr std::size_t kMaxDepth = 128;

}  // namespace

RespValue RespReader::abandon() {
    for (const Open& open : open_) {
        if (open.streamed) {
            builder_.set_size(open.node, open.left);
        }
    }
    open_.clear();
    line_.clear();
    state_ = State::start;
    string_streamed_ = false;
    return builder_.release();
}

bool RespReader::skip(std::uint64_t bytes) {
    if (state_ != State::payload || bytes == 0 || bytes > left_) {
        return false;
    }
    builder_.miss(bytes);
    left_ -= bytes;
    if (left_ == 0) {
        state_ = State::payload_end;
        left_ = 2;
    }
    return true;
}

RespReader::Result RespReader::read(ByteView& bytes) {
    while (!bytes.empty()) {
        switch (step(bytes)) {
            case Step::done:
                return Result::value;
            case Step::malformed:
                return Result::malformed;
            case Step::more:
                break;
        }
    }
    return Result::need_more;
}

RespReader::Step RespReader::step(ByteView& bytes) {
    switch (state_) {
        case State::start:
            return start(bytes);
        case State::number:
            return on_number(bytes);
        case State::text:
            return on_text(bytes);
        case State::inline_command:
            return on_inline(bytes);
        case State::payload:
            return on_payload(bytes);
        case State::payload_end:
            return on_payload_end(bytes);
    }
    return Step::malformed;
}

ByteView RespReader::consume(ByteView& bytes, std::size_t count) {
    const ByteView taken = bytes.substr(0, count);
    bytes.remove_prefix(taken.size());
    builder_.count(taken.size());
    return taken;
}

RespReader::Step RespReader::start(ByteView& bytes) {
    type_ = bytes.front();
    if (grammar_ == Grammar::requests && open_.empty() && type_ != '*') {
        state_ = State::inline_command;
        return Step::more;
    }
    if (grammar_ == Grammar::requests && type_ != (open_.empty() ? '*' : '$')) {
        return Step::malformed;
    }
    if (string_streamed_ && type_ != ';') {
        return Step::malformed;
    }
    consume(bytes, 1);
    if (type_ == '+' || type_ == '-' || type_ == '(') {
        builder_.add(type_ == '+'   ? RespType::simple_string
                     : type_ == '-' ? RespType::error
                                    : RespType::big_number,
                     0);
        cr_ = false;
        state_ = State::text;
        return Step::more;
    }
    state_ = State::number;
    return Step::more;
}

RespReader::Step RespReader::on_number(ByteView& bytes) {
    const std::size_t end = bytes.substr(0, kMaxNumberLine).find('\n');
    if (end == ByteView::npos) {
        line_.append(consume(bytes, std::min(bytes.size(), kMaxNumberLine)));
        return line_.size() < kMaxNumberLine ? Step::more : Step::malformed;
    }
    ByteView line = consume(bytes, end + 1);
    std::string joined;
    if (!line_.empty()) {
        joined = std::exchange(line_, {}).append(line);
        line = joined;
    }
    if (line.size() < 2 || line[line.size() - 2] != '\r') {
        return Step::malformed;
    }
    line.remove_suffix(2);
    state_ = State::start;
    return header(line);
}

RespReader::Step RespReader::complete() {
    state_ = State::start;
    while (!open_.empty()) {
        Open& top = open_.back();
        if (top.streamed) {
            ++top.left;
            return Step::more;
        }
        if (--top.left > 0) {
            return Step::more;
        }
        const bool attribute = top.attribute;
        open_.pop_back();
        if (attribute) {
            return Step::more;  // the value it annotates follows
        }
    }
    return Step::done;
}

RespReader::Step RespReader::on_text(ByteView& bytes) {
    const std::size_t end = bytes.find('\n');
    ByteView part = consume(bytes, end == ByteView::npos ? bytes.size() : end);
    // A CR is held back until it is known whether it ends the line.
    const bool held = std::exchange(cr_, false);
    if (end != ByteView::npos) {
        consume(bytes, 1);
        if (part.ends_with('\r')) {
            part.remove_suffix(1);
        } else if (!part.empty() || !held) {
            return Step::malformed;
        } else {
            return complete();
        }
    }
    if (held && !part.empty()) {
        builder_.keep("\r");
    }
    if (end == ByteView::npos && part.ends_with('\r')) {
        cr_ = true;
        part.remove_suffix(1);
    }
    builder_.keep(part);
    return end == ByteView::npos ? Step::more : complete();
}

RespReader::Step RespReader::on_inline(ByteView& bytes) {
    const std::size_t end = bytes.find('\n');
    line_.append(consume(bytes, end == ByteView::npos ? bytes.size() : end + 1));
    if (line_.size() > kMaxInline) {
        return Step::malformed;
    }
    if (end == ByteView::npos) {
        return Step::more;
    }
    std::string line = std::exchange(line_, {});
    line.pop_back();
    if (line.ends_with('\r')) {
        line.pop_back();
    }
    state_ = State::start;
    const std::vector<Bytes> words = split_inline(line);
    if (words.empty()) {
        builder_.release();  // an empty line keeps a connection alive and gets no reply
        return Step::more;
    }
    builder_.mark_inline();
    builder_.add(RespType::array, words.size());
    for (const Bytes& word : words) {
        builder_.add(RespType::bulk_string, 0);
        builder_.keep(word);
    }
    return Step::done;
}

RespReader::Step RespReader::on_payload(ByteView& bytes) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    builder_.keep(consume(bytes, count));
    left_ -= count;
    if (left_ == 0) {
        left_ = 2;
        state_ = State::payload_end;
    }
    return Step::more;
}

RespReader::Step RespReader::on_payload_end(ByteView& bytes) {
    while (left_ > 0 && !bytes.empty()) {
        if (consume(bytes, 1).front() != (left_ == 2 ? '\r' : '\n')) {
            return Step::malformed;
        }
        --left_;
    }
    if (left_ > 0) {
        return Step::more;
    }
    if (string_streamed_) {
        state_ = State::start;  // the next chunk
        return Step::more;
    }
    return complete();
}

// The lines that hold a number, and what each opens.

RespReader::Step RespReader::header(ByteView line) {
    std::int64_t number = 0;
    switch (type_) {
        case ':':
            return parse_integer(line, number) ? scalar(RespType::integer, line) : Step::malformed;
        case ',':
            return is_double(line) ? scalar(RespType::floating, line) : Step::malformed;
        case '#':
            return line == "t" || line == "f" ? scalar(RespType::boolean, line) : Step::malformed;
        case '_':
            return line.empty() ? scalar(RespType::null, line) : Step::malformed;
        case '$':
            return string_header(RespType::bulk_string, line);
        case '=':
            return string_header(RespType::verbatim_string, line);
        case '!':
            return string_header(RespType::bulk_error, line);
        case '*':
            return aggregate_header(RespType::array, line);
        case '%':
            return aggregate_header(RespType::map, line);
        case '~':
            return aggregate_header(RespType::set, line);
        case '|':
            return aggregate_header(RespType::attribute, line);
        case '>':
            return aggregate_header(RespType::push, line);
        case ';':
            return chunk_header(line);
        case '.':
            return line.empty() ? close_streamed() : Step::malformed;
        default:
            return Step::malformed;
    }
}

RespReader::Step RespReader::scalar(RespType type, ByteView text) {
    builder_.add(type, 0);
    builder_.keep(text);
    return complete();
}

RespReader::Step RespReader::string_header(RespType type, ByteView line) {
    if (line == "?" && type == RespType::bulk_string && grammar_ == Grammar::replies) {
        builder_.add(type, 0);
        string_streamed_ = true;
        return Step::more;
    }
    std::int64_t length = 0;
    if (!parse_integer(line, length) || length < -1 || length > kMaxString) {
        return Step::malformed;
    }
    if (length == -1) {
        return grammar_ == Grammar::replies ? scalar(RespType::null, {}) : Step::malformed;
    }
    builder_.add(type, 0);
    left_ = length == 0 ? 2 : static_cast<std::uint64_t>(length);
    state_ = length == 0 ? State::payload_end : State::payload;
    return Step::more;
}

RespReader::Step RespReader::chunk_header(ByteView line) {
    std::int64_t length = 0;
    if (!string_streamed_ || !parse_integer(line, length) || length < 0 || length > kMaxString) {
        return Step::malformed;
    }
    if (length == 0) {
        string_streamed_ = false;
        return complete();
    }
    left_ = static_cast<std::uint64_t>(length);
    state_ = State::payload;
    return Step::more;
}

RespReader::Step RespReader::aggregate_header(RespType type, ByteView line) {
    if (open_.size() >= kMaxDepth) {
        return Step::malformed;
    }
    const bool attribute = type == RespType::attribute;
    if (line == "?" && grammar_ == Grammar::replies && !attribute) {
        open_.push_back({.left = 0, .node = builder_.add(type, 0), .streamed = true});
        return Step::more;
    }
    std::int64_t count = 0;
    if (!parse_integer(line, count) || count < -1 || count > kMaxElements) {
        return Step::malformed;
    }
    if (count == -1 && type == RespType::array && grammar_ == Grammar::replies) {
        return scalar(RespType::null, {});
    }
    if (grammar_ == Grammar::requests && count <= 0) {
        builder_.release();  // redis-server skips empty requests without a reply
        return Step::more;
    }
    if (count < 0) {
        return Step::malformed;
    }
    const bool pairs = type == RespType::map || attribute;
    const std::uint64_t values = static_cast<std::uint64_t>(count) * (pairs ? 2 : 1);
    const std::uint32_t node = builder_.add(type, values);
    if (values == 0) {
        return attribute ? Step::more : complete();
    }
    open_.push_back({.left = values, .node = node, .attribute = attribute});
    return Step::more;
}

RespReader::Step RespReader::close_streamed() {
    if (open_.empty() || !open_.back().streamed) {
        return Step::malformed;
    }
    builder_.set_size(open_.back().node, open_.back().left);
    open_.pop_back();
    return complete();
}

}  // namespace sslsniff::redis
