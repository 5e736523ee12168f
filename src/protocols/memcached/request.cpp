#include "protocols/memcached/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace sslsniff::memcached {
namespace {

constexpr std::size_t kMostKeys = 100;  ///< that are shown
constexpr std::size_t kMostInLine = 4;  ///< of these, in a Summary
constexpr std::uint64_t kMostParts = 100;
constexpr std::size_t kAllWords = std::numeric_limits<std::size_t>::max();

std::int64_t signed_number(ByteView text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}
std::uint64_t number(ByteView text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

void write_keys(const std::vector<ByteView>& words, std::size_t first, Request& request) {
    RecordedFields& fields = request.flow.exchange->request;
    std::string& line = request.flow.exchange->request_line;
    request.keys = words.size() - std::min(first, words.size());
    fields.begin_array("keys");
    for (std::size_t i = 0; i < std::min<std::size_t>(request.keys, kMostKeys); ++i) {
        fields.text({}, words[first + i]);
        line += i < kMostInLine ? fmt::format(" {}", words[first + i]) : "";
    }
    fields.end_array();
    fields.number("key_count", request.keys);
    line += request.keys > kMostInLine ? fmt::format(" (+{})", request.keys - kMostInLine) : "";
}

/// Flags of a meta command or reply: a letter, and maybe a token.
void write_meta_flags(const std::vector<ByteView>& words, std::size_t first, RecordedFields& fields) {
    if (first >= words.size()) {
        return;
    }
    fields.begin_array("meta_flags");
    for (std::size_t i = first; i < std::min(words.size(), first + kMostKeys); ++i) {
        fields.text({}, words[i]);
    }
    fields.end_array();
}

void describe_store(const std::vector<ByteView>& words, RecordedFields& fields) {
    fields.number("client_flags", number(words[2]));
    fields.number("exptime_s", signed_number(words[3]));
    if (words.front() == "cas") {
        fields.number("cas_unique", number(words[5]));
    }
}

void describe_meta(const std::vector<ByteView>& words, Request& request) {
    const std::size_t first = request.command->verb == Verb::meta_set    ? 3
                              : request.command->verb == Verb::meta_noop ? 1
                                                                         : 2;
    write_meta_flags(words, first, request.flow.exchange->request);
    for (std::size_t i = first; i < words.size(); ++i) {
        request.is_quiet = request.is_quiet || words[i] == "q";
        if (words[i].starts_with('O')) {
            request.meta_opaque = words[i].substr(1);
        }
    }
    if (request.command->verb == Verb::meta_noop) {
        return;
    }
    // Who wants to pair by the key asks for it.
    request.key = words[1];
}

void set_target(Request& request, ByteView key) {
    request.flow.exchange->said.target = key;
    if (!key.empty()) {
        request.flow.exchange->request.text("key", key);
        request.flow.exchange->request_line += fmt::format(" {}", key);
    }
}

void set_error(Facts& facts, ByteView word, ByteView line) {
    facts.outcome = word == "SERVER_ERROR" ? Outcome::server_error : Outcome::client_error;
    facts.error_type = line;
}

/// The list of an answer's parts is open from its first one on.
void begin_part(Request& request, std::string_view list) {
    if (!request.has_list) {
        request.flow.exchange->response.begin_array(list);
        request.has_list = true;
    }
    ++request.hits;
}

void add_value(const Reply& reply, const Data& data, Request& request) {
    const auto words = words_of(reply.line, 5);
    begin_part(request, "items");
    request.flow.exchange->said.response_bytes += data.size;
    if (request.hits > kMostParts) {
        return;
    }
    RecordedFields& fields = request.flow.exchange->response;
    fields.begin_object({});
    fields.text("key", words[1]);
    fields.number("client_flags", number(words[2]));
    if (words.size() > 4) {
        fields.number("cas_unique", number(words[4]));
    }
    fields.body("data", data.body());
    fields.end_object();
}

void add_stat(const Reply& reply, Request& request) {
    begin_part(request, "stats");
    if (request.hits > kMostParts) {
        return;
    }
    const ByteView line = reply.word == "STAT" || reply.word == "ITEM"
                              ? reply.line.substr(std::min(reply.word.size() + 1, reply.line.size()))
                              : reply.line;
    const std::size_t space = std::min(line.find(' '), line.size());
    RecordedFields& fields = request.flow.exchange->response;
    fields.begin_object({});
    fields.text("name", line.substr(0, space));
    fields.text("value", line.substr(std::min(space + 1, line.size())));
    fields.end_object();
}

void end_list(Request& request) {
    if (request.has_list) {
        request.flow.exchange->response.end_array();
        request.has_list = false;
    }
}

}  // namespace

Body Data::body() const {
    Body body;
    append(body, bytes, max_body);
    body.size = size;
    body.missing = missing;
    return body;
}

Data data_of(const framed::Message& message, std::size_t line, std::uint64_t size, std::size_t max_body) {
    const ByteView behind = message.bytes.substr(std::min(line, message.bytes.size()), size);
    return {behind, size, std::min(message.missing, size), max_body};
}

void describe_command(const Command& command, const Data& data, Request& request) {
    DescribedExchange& exchange = *request.flow.exchange;
    const auto words = words_of(command.line, kAllWords);
    request.command = command.spec;
    request.is_unanswered = command.spec->verb == Verb::quit ||
                            (command.spec->verb < Verb::meta_get && command.spec->verb != Verb::get &&
                             words.back() == "noreply") ||
                            (command.spec->verb == Verb::control && words.back() == "noreply");
    exchange.request.text("command", command.spec->name);
    exchange.request_line = command.spec->name;
    exchange.said.operation = command.spec->name;
    const bool has_time = command.spec->name.starts_with("gat");
    switch (command.spec->verb) {
        case Verb::get:
            if (has_time) {
                exchange.request.number("exptime_s", signed_number(words[1]));
            }
            write_keys(words, has_time ? 2 : 1, request);
            exchange.said.target = words[has_time ? 2 : 1];
            break;
        case Verb::store:
            set_target(request, words[1]);
            describe_store(words, exchange.request);
            break;
        case Verb::arithmetic:
            set_target(request, words[1]);
            exchange.request.number("delta", number(words[2]));
            exchange.request_line += fmt::format(" {}", words[2]);
            break;
        case Verb::touch:
            set_target(request, words[1]);
            exchange.request.number("exptime_s", signed_number(words[2]));
            break;
        case Verb::remove:
        case Verb::meta_debug:
            set_target(request, words[1]);
            break;
        case Verb::meta_get:
        case Verb::meta_set:
        case Verb::meta_delete:
        case Verb::meta_arithmetic:
            set_target(request, words[1]);
            [[fallthrough]];
        case Verb::meta_noop:
            describe_meta(words, request);
            break;
        default:
            if (command.line.size() > command.spec->name.size() + 1) {
                const ByteView arguments = command.line.substr(command.spec->name.size() + 1);
                exchange.request.text("arguments", arguments);
                exchange.request_line += fmt::format(" {}", arguments);
            }
    }
    if (request.is_unanswered && command.spec->verb != Verb::quit) {
        exchange.request.boolean("noreply", true);
    }
    if (command.data_size) {
        exchange.request.body("data", data.body());
        exchange.said.request_bytes = data.size;
    }
}

bool may_answer(const Request& request, const Reply& reply) {
    if (request.command == nullptr) {
        return false;
    }
    const ReplyKind kind = reply.kind;
    if (kind == ReplyKind::error) {
        return true;
    }
    switch (request.command->verb) {
        case Verb::get:
            return kind == ReplyKind::value || kind == ReplyKind::end;
        case Verb::store:
            return kind == ReplyKind::status &&
                   (reply.word.ends_with("STORED") || reply.word == "EXISTS" || reply.word == "NOT_FOUND");
        case Verb::remove:
            return reply.word == "DELETED" || reply.word == "NOT_FOUND";
        case Verb::arithmetic:
            return kind == ReplyKind::number || reply.word == "NOT_FOUND";
        case Verb::touch:
            return reply.word == "TOUCHED" || reply.word == "NOT_FOUND";
        case Verb::meta_get:
        case Verb::meta_set:
        case Verb::meta_delete:
        case Verb::meta_arithmetic:
        case Verb::meta_debug: {
            if (kind != ReplyKind::meta && kind != ReplyKind::meta_value) {
                return false;
            }
            if (!request.is_quiet && request.meta_opaque.empty()) {
                return true;
            }
            // What a quiet one leaves out is its success, or that there is nothing.
            const auto words = words_of(reply.line, kMostKeys);
            const auto opaque =
                std::ranges::find_if(words, [](ByteView word) { return word.starts_with('O'); });
            const auto key = std::ranges::find_if(words, [](ByteView word) { return word.starts_with('k'); });
            const bool same_opaque = opaque == words.end() ? request.meta_opaque.empty()
                                                           : opaque->substr(1) == request.meta_opaque;
            const bool same_key = key == words.end() || key->substr(1) == request.key;
            const bool is_hit = reply.word == "HD" || reply.word == "VA";
            const bool hidden =
                request.is_quiet &&
                (request.command->verb == Verb::meta_get ? reply.word == "EN" : reply.word == "HD");
            return same_opaque && same_key && !hidden &&
                   (is_hit || request.command->verb != Verb::meta_get || reply.word == "EN");
        }
        case Verb::meta_noop:
            return kind == ReplyKind::meta_noop;
        case Verb::stats:
            return kind == ReplyKind::stat || kind == ReplyKind::end || reply.word == "RESET" ||
                   reply.word == "OK";
        case Verb::version:
            return kind == ReplyKind::version;
        case Verb::control:
            return kind == ReplyKind::status || kind == ReplyKind::stat || kind == ReplyKind::end;
        case Verb::quit:
            return false;
    }
    return false;
}

bool add_reply(const Reply& reply, const Data& data, Request& request) {
    DescribedExchange& exchange = *request.flow.exchange;
    switch (reply.kind) {
        case ReplyKind::value:
            add_value(reply, data, request);
            return false;
        case ReplyKind::stat:
            add_stat(reply, request);
            return false;
        default:
            break;
    }
    end_list(request);
    exchange.response.text("reply", reply.word);
    exchange.response_line = reply.line;
    switch (reply.kind) {
        case ReplyKind::error:
            exchange.response.text("error", reply.line);
            set_error(exchange.said, reply.word, reply.line);
            break;
        case ReplyKind::number:
            exchange.response.number("result", number(reply.line));
            break;
        case ReplyKind::version:
            exchange.response.text("version",
                                   reply.line.substr(std::min(reply.word.size() + 1, reply.line.size())));
            break;
        case ReplyKind::meta:
        case ReplyKind::meta_value:
            write_meta_flags(words_of(reply.line, kMostKeys), reply.data_size ? 2 : 1, exchange.response);
            break;
        default:
            break;
    }
    if (reply.data_size) {
        exchange.response.body("data", data.body());
        exchange.said.response_bytes = data.size;
    }
    return true;
}

void finish_answer(Request& request) {
    end_list(request);
    DescribedExchange& exchange = *request.flow.exchange;
    const bool gets = request.command != nullptr && request.command->verb == Verb::get;
    if (gets && exchange.response_line == "END") {
        exchange.response.number("hits", request.hits);
        exchange.response_line = request.keys == 1 ? request.hits == 1 ? "hit" : "miss"
                                                   : fmt::format("{} of {}", request.hits, request.keys);
    } else if (request.hits > 0 && request.command == nullptr && exchange.response_line == "END") {
        exchange.response.number("hits", request.hits);
        exchange.response_line = fmt::format("{} items", request.hits);
    } else if (request.hits > 0 && !gets) {
        exchange.response.number("stat_count", request.hits);
        exchange.response_line = fmt::format("{} lines", request.hits);
    }
}

}  // namespace sslsniff::memcached
