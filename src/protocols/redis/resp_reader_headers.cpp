// The lines of RESP that hold a number, and what each opens.
#include "protocols/redis/resp_number.h"
#include "protocols/redis/resp_reader.h"

namespace sslsniff::redis {
namespace {

// redis-server's proto-max-bulk-len is 512 MiB unless configured; more than this is not RESP.
constexpr std::int64_t kMaxString = std::int64_t{4} << 30;
constexpr std::int64_t kMaxElements = INT32_MAX;
// Lua replies and FUNCTION LIST nest a few levels; hiredis refuses more than nine.
constexpr std::size_t kMaxDepth = 128;

}  // namespace

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
