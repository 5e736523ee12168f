#include "protocols/nats/control_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace sslsniff::nats {
namespace {

using framed::Side;

/// max_payload of servers is 1 MiB by default, and 64 MiB at most.
constexpr std::uint64_t kMostPayload = std::uint64_t{64} * 1024 * 1024;
constexpr std::size_t kMostWords = 5;

struct Spec {
    Operation operation;
    std::string_view name;
    bool from_client;
    bool from_server;
};

constexpr auto kSpecs = std::to_array<Spec>({
    {Operation::info, "INFO", false, true},
    {Operation::connect, "CONNECT", true, false},
    {Operation::pub, "PUB", true, false},
    {Operation::hpub, "HPUB", true, false},
    {Operation::sub, "SUB", true, false},
    {Operation::unsub, "UNSUB", true, false},
    {Operation::msg, "MSG", false, true},
    {Operation::hmsg, "HMSG", false, true},
    {Operation::ping, "PING", true, true},
    {Operation::pong, "PONG", true, true},
    {Operation::ok, "+OK", false, true},
    {Operation::err, "-ERR", false, true},
});

bool may_say(const Spec& spec, Side side) {
    return side == Side::client ? spec.from_client : spec.from_server;
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

ByteView skip_blanks(ByteView text) {
    const auto* const end = std::ranges::find_if_not(text, is_blank);
    return text.substr(static_cast<std::size_t>(end - text.begin()));
}

struct Words {
    std::array<ByteView, kMostWords> all{};
    std::size_t count = 0;  ///< kMostWords + 1: there are more
};

Words split(ByteView text) {
    Words words;
    for (text = skip_blanks(text); !text.empty(); text = skip_blanks(text)) {
        const auto* const end = std::ranges::find_if(text, is_blank);
        if (words.count < kMostWords) {
            words.all.at(words.count) = text.substr(0, static_cast<std::size_t>(end - text.begin()));
        } else {
            ++words.count;
            break;
        }
        text.remove_prefix(words.all.at(words.count).size());
        ++words.count;
    }
    return words;
}

std::optional<std::uint64_t> number(ByteView text) {
    std::uint64_t value = 0;
    const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && last == text.data() + text.size() && value <= kMostPayload
               ? std::optional(value)
               : std::nullopt;
}

/// Words apart by dots, without blanks and control characters.
bool is_subject(ByteView subject) {
    const auto is_strange = [](char c) { return (c >= 0 && c <= ' ') || c == 0x7F; };
    return !subject.empty() && std::ranges::none_of(subject, is_strange);
}

bool is_sid(ByteView sid) {
    return !sid.empty() && std::ranges::all_of(sid, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
               c == '_';
    });
}

/// The sizes at the end: of the headers, if there are any, and of all.
bool read_sizes(const Words& words, std::size_t sizes, ControlLine& out) {
    const auto total = number(words.all.at(words.count - 1));
    const auto headers = sizes == 2 ? number(words.all.at(words.count - 2)) : std::optional<std::uint64_t>(0);
    if (!total || !headers || *headers > *total) {
        return false;
    }
    out.header_size = *headers;
    out.payload_size = *total - *headers;
    return true;
}

/// PUB and MSG: subject, sid of MSG, the subject for replies if there is one, sizes.
bool read_message(const Words& words, bool has_sid, bool has_headers, ControlLine& out) {
    const std::size_t sizes = has_headers ? 2 : 1;
    const std::size_t least = 1 + (has_sid ? 1 : 0) + sizes;
    if (words.count != least && words.count != least + 1) {
        return false;
    }
    out.subject = words.all[0];
    out.sid = has_sid ? words.all[1] : ByteView{};
    out.reply_to = words.count > least ? words.all.at(has_sid ? 2 : 1) : ByteView{};
    return is_subject(out.subject) && (!has_sid || is_sid(out.sid)) &&
           (out.reply_to.empty() || is_subject(out.reply_to)) && read_sizes(words, sizes, out);
}

bool read_sub(const Words& words, ControlLine& out) {
    if (words.count != 2 && words.count != 3) {
        return false;
    }
    out.subject = words.all[0];
    out.queue_group = words.count == 3 ? words.all[1] : ByteView{};
    out.sid = words.all.at(words.count - 1);
    return is_subject(out.subject) && is_sid(out.sid) && (words.count == 2 || is_subject(out.queue_group));
}

bool read_unsub(const Words& words, ControlLine& out) {
    if (words.count != 1 && words.count != 2) {
        return false;
    }
    out.sid = words.all[0];
    out.max_messages = words.count == 2 ? number(words.all[1]) : std::nullopt;
    return is_sid(out.sid) && (words.count == 1 || out.max_messages);
}

bool read_arguments(ByteView arguments, ControlLine& out) {
    switch (out.operation) {
        case Operation::info:
        case Operation::connect:
            out.text = trim(arguments);
            return out.text.size() >= 2 && out.text.front() == '{' && out.text.back() == '}';
        case Operation::err:
            out.text = trim(arguments);
            return true;
        case Operation::ok:
        case Operation::ping:
        case Operation::pong:
            return trim(arguments).empty();
        default:
            break;
    }
    const Words words = split(arguments);
    switch (out.operation) {
        case Operation::pub:
            return read_message(words, false, false, out);
        case Operation::hpub:
            return read_message(words, false, true, out);
        case Operation::msg:
            return read_message(words, true, false, out);
        case Operation::hmsg:
            return read_message(words, true, true, out);
        case Operation::sub:
            return read_sub(words, out);
        default:
            return read_unsub(words, out);
    }
}

/// What may follow an operation's name.
bool may_follow(const Spec& spec, char next) {
    const bool alone = spec.operation == Operation::ping || spec.operation == Operation::pong ||
                       spec.operation == Operation::ok;
    return is_blank(next) || (alone && (next == '\r' || next == '\n'));
}

const Spec* find_spec(Side side, ByteView bytes) {
    const auto* const found = std::ranges::find_if(kSpecs, [&](const Spec& spec) {
        return may_say(spec, side) && bytes.size() > spec.name.size() &&
               equals_ignore_case(bytes.substr(0, spec.name.size()), spec.name) &&
               may_follow(spec, bytes[spec.name.size()]);
    });
    return found != kSpecs.end() ? found : nullptr;
}

}  // namespace

std::string_view to_string(Operation operation) {
    return kSpecs.at(static_cast<std::size_t>(operation)).name;
}

std::uint64_t ControlLine::message_size() const {
    return has_payload() ? size + header_size + payload_size + kLineEnd.size() : size;
}

bool may_begin_line(Side side, ByteView bytes) {
    if (const Spec* const spec = find_spec(side, bytes)) {
        const bool json = spec->operation == Operation::info || spec->operation == Operation::connect;
        const ByteView rest = json ? skip_blanks(bytes.substr(spec->name.size())) : ByteView{};
        return bytes.size() < (json ? kMostJson : kMostLine) && (rest.empty() || rest.front() == '{');
    }
    return std::ranges::any_of(kSpecs, [&](const Spec& spec) {
        return may_say(spec, side) && bytes.size() <= spec.name.size() &&
               equals_ignore_case(bytes, spec.name.substr(0, bytes.size()));
    });
}

std::optional<ControlLine> read_line(Side side, ByteView bytes) {
    const Spec* const spec = find_spec(side, bytes);
    const std::size_t end = spec != nullptr ? bytes.find('\n') : ByteView::npos;
    if (end == ByteView::npos) {
        return std::nullopt;
    }
    ByteView line = bytes.substr(0, end);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    ControlLine out{.operation = spec->operation};
    out.size = end + 1;
    return read_arguments(line.substr(spec->name.size()), out) ? std::optional(out) : std::nullopt;
}

}  // namespace sslsniff::nats
