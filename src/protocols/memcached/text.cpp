#include "protocols/memcached/text.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sslsniff::memcached {
namespace {

/// The greatest item that a server may be told to take (-I).
constexpr std::uint64_t kMostData = std::uint64_t{1} << 30U;
constexpr std::size_t kMostKey = 250;
/// Storage commands and VALUE have fewer words.
constexpr std::size_t kMostWords = 8;

constexpr auto kCommands = std::to_array<CommandSpec>({
    {"get", Verb::get, false},
    {"gets", Verb::get, false},
    {"gat", Verb::get, false},
    {"gats", Verb::get, false},
    {"set", Verb::store, true},
    {"add", Verb::store, true},
    {"replace", Verb::store, true},
    {"append", Verb::store, true},
    {"prepend", Verb::store, true},
    {"cas", Verb::store, true},
    {"delete", Verb::remove, false},
    {"incr", Verb::arithmetic, true},
    {"decr", Verb::arithmetic, true},
    {"touch", Verb::touch, true},
    {"mg", Verb::meta_get, false},
    {"ms", Verb::meta_set, true},
    {"md", Verb::meta_delete, false},
    {"ma", Verb::meta_arithmetic, false},
    {"mn", Verb::meta_noop, false},
    {"me", Verb::meta_debug, false},
    {"stats", Verb::stats, false},
    {"version", Verb::version, false},
    {"verbosity", Verb::control, false},
    {"flush_all", Verb::control, false},
    {"cache_memlimit", Verb::control, false},
    {"lru", Verb::control, false},
    {"lru_crawler", Verb::control, false},
    {"slabs", Verb::control, false},
    {"watch", Verb::control, false},
    {"debugtime", Verb::control, false},
    {"extstore", Verb::control, false},
    {"refresh_certs", Verb::control, false},
    {"misbehave", Verb::control, false},
    {"shutdown", Verb::control, false},
    {"quit", Verb::quit, false},
});

struct ReplySpec {
    std::string_view word;
    ReplyKind kind;
    bool is_telling;
    bool is_alone;  ///< nothing follows the word
};

constexpr auto kReplies = std::to_array<ReplySpec>({
    {"VALUE", ReplyKind::value, true, false},
    {"END", ReplyKind::end, true, true},
    {"STORED", ReplyKind::status, true, true},
    {"NOT_STORED", ReplyKind::status, true, true},
    {"EXISTS", ReplyKind::status, false, true},
    {"NOT_FOUND", ReplyKind::status, false, true},
    {"DELETED", ReplyKind::status, false, true},
    {"TOUCHED", ReplyKind::status, false, true},
    {"OK", ReplyKind::status, false, true},
    {"RESET", ReplyKind::status, false, true},
    {"BUSY", ReplyKind::status, false, false},
    {"ERROR", ReplyKind::error, false, true},
    {"CLIENT_ERROR", ReplyKind::error, false, false},
    {"SERVER_ERROR", ReplyKind::error, false, false},
    {"STAT", ReplyKind::stat, true, false},
    {"ITEM", ReplyKind::stat, false, false},
    {"VERSION", ReplyKind::version, true, false},
    {"HD", ReplyKind::meta, true, false},
    {"EN", ReplyKind::meta, true, true},
    {"NS", ReplyKind::meta, false, false},
    {"EX", ReplyKind::meta, false, false},
    {"NF", ReplyKind::meta, false, false},
    {"ME", ReplyKind::meta, false, false},
    {"MN", ReplyKind::meta_noop, false, true},
    {"VA", ReplyKind::meta_value, true, false},
});

std::optional<std::uint64_t> number(ByteView text) {
    std::uint64_t value = 0;
    const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && last == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool is_number(ByteView text) {
    return number(text.starts_with('-') ? text.substr(1) : text).has_value();
}

std::optional<std::uint64_t> data_size(ByteView text) {
    const auto size = number(text);
    return size && *size <= kMostData ? size : std::nullopt;
}

/// Of a word. The specification forbids control characters; servers take them, and memcaslap sends them.
bool is_key(ByteView key) {
    return !key.empty() && key.size() <= kMostKey && key.find('\0') == ByteView::npos &&
           key.find('\r') == ByteView::npos;
}

/// The line without its end, and its size with it; nothing when it has no end.
std::optional<std::pair<ByteView, std::size_t>> take_line(ByteView bytes) {
    const std::size_t end = bytes.substr(0, kMostLine).find('\n');
    if (end == ByteView::npos) {
        return std::nullopt;
    }
    ByteView line = bytes.substr(0, end);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return std::pair(line, end + 1);
}

ByteView first_word(ByteView line) {
    return line.substr(0, std::min(line.find_first_of(" \r\n"), line.size()));
}

/// set KEY FLAGS EXPTIME BYTES [CAS] [noreply]
bool read_store(ByteView line, Command& out) {
    const auto words = words_of(line, kMostWords);
    const bool cas = out.spec->name == "cas";
    const std::size_t least = cas ? 6 : 5;
    if (words.size() < least || words.size() > least + 1 || !is_key(words[1]) || !is_number(words[2]) ||
        !is_number(words[3]) || (cas && !is_number(words[5]))) {
        return false;
    }
    out.data_size = data_size(words[4]);
    return out.data_size && (words.size() == least || words.back() == "noreply");
}

/// Of the words behind the command.
bool has_arguments(const CommandSpec& spec, ByteView line) {
    const auto words = words_of(line, kMostWords);
    switch (spec.verb) {
        case Verb::get:
            return words.size() > (spec.name.starts_with("gat") ? 2U : 1U) && is_key(words[1]);
        case Verb::remove:
            return words.size() >= 2 && words.size() <= 4 && is_key(words[1]);
        case Verb::arithmetic:
        case Verb::touch:
            return words.size() >= 3 && words.size() <= 4 && is_key(words[1]) && is_number(words[2]);
        case Verb::meta_get:
        case Verb::meta_delete:
        case Verb::meta_arithmetic:
        case Verb::meta_debug:
            return words.size() >= 2 && is_key(words[1]);
        case Verb::meta_noop:
        case Verb::quit:
        case Verb::version:
            return words.size() == 1;
        default:
            return true;
    }
}

bool is_metadump(ByteView line) {
    return line.starts_with("key=") && line.find(" exp=") != ByteView::npos;
}

bool read_value(ByteView line, Reply& out) {
    const auto words = words_of(line, kMostWords);
    if (out.kind == ReplyKind::meta_value) {
        out.data_size = words.size() >= 2 ? data_size(words[1]) : std::nullopt;
        return out.data_size.has_value();
    }
    const bool good = (words.size() == 4 || words.size() == 5) && is_key(words[1]) && is_number(words[2]) &&
                      (words.size() == 4 || is_number(words[4]));
    out.data_size = good ? data_size(words[3]) : std::nullopt;
    return out.data_size.has_value();
}

}  // namespace

std::vector<ByteView> words_of(ByteView line, std::size_t most) {
    std::vector<ByteView> words;
    while (words.size() < most) {
        const std::size_t begin = line.find_first_not_of(' ');
        if (begin == ByteView::npos) {
            break;
        }
        line.remove_prefix(begin);
        const std::size_t end = std::min(line.find(' '), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
    return words;
}

std::optional<Command> read_command(ByteView bytes) {
    const ByteView word = first_word(bytes.substr(0, kMostLine));
    const auto* const spec = std::ranges::find(kCommands, word, &CommandSpec::name);
    const auto line = spec != kCommands.end() ? take_line(bytes) : std::nullopt;
    if (!line) {
        return std::nullopt;
    }
    Command out{.spec = spec, .line = line->first, .size = line->second};
    if (spec->verb == Verb::store) {
        return read_store(out.line, out) ? std::optional(out) : std::nullopt;
    }
    if (spec->verb == Verb::meta_set) {
        const auto words = words_of(out.line, kMostWords);
        out.data_size = words.size() >= 3 && is_key(words[1]) ? data_size(words[2]) : std::nullopt;
        return out.data_size ? std::optional(out) : std::nullopt;
    }
    return has_arguments(*spec, out.line) ? std::optional(out) : std::nullopt;
}

std::optional<Reply> read_reply(ByteView bytes) {
    const auto line = may_begin_reply(bytes.substr(0, kMostLine)) ? take_line(bytes) : std::nullopt;
    if (!line) {
        return std::nullopt;
    }
    Reply out{.word = first_word(line->first), .line = line->first, .size = line->second};
    const auto* const spec = std::ranges::find(kReplies, out.word, &ReplySpec::word);
    if (spec == kReplies.end()) {
        // Servers pad what decr made shorter.
        const std::size_t end = out.line.find_last_not_of(' ');
        const bool counts = end != ByteView::npos && number(out.line.substr(0, end + 1)).has_value();
        out.kind = counts ? ReplyKind::number : ReplyKind::stat;
        return counts || is_metadump(out.line) ? std::optional(out) : std::nullopt;
    }
    out.kind = spec->kind;
    out.is_telling = spec->is_telling;
    if (spec->is_alone && out.line != out.word &&
        words_of(out.line, 2).size() > (out.word == "EN" ? 2U : 1U)) {
        return std::nullopt;
    }
    if (out.kind == ReplyKind::value || out.kind == ReplyKind::meta_value) {
        return read_value(out.line, out) ? std::optional(out) : std::nullopt;
    }
    if (out.kind == ReplyKind::version) {
        out.is_telling = out.line.size() > out.word.size() + 1 && out.line[out.word.size() + 1] >= '0' &&
                         out.line[out.word.size() + 1] <= '9';
    }
    return out;
}

bool may_begin_command(ByteView bytes) {
    const ByteView word = first_word(bytes);
    const bool cut = word.size() == bytes.size();
    return bytes.size() < kMostLine && std::ranges::any_of(
                                           kCommands,
                                           [&](const CommandSpec& spec) {
                                               return cut ? spec.name.starts_with(word) : spec.name == word;
                                           });
}

bool may_begin_reply(ByteView bytes) {
    const ByteView word = first_word(bytes);
    const bool cut = word.size() == bytes.size();
    const bool known = std::ranges::any_of(kReplies, [&](const ReplySpec& spec) {
        return cut ? spec.word.starts_with(word) : spec.word == word;
    });
    constexpr ByteView kMetadump = "key=";
    constexpr std::size_t kMostDigits = 20;
    const bool counts =
        word.size() <= kMostDigits && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
    return known || counts || word.starts_with(kMetadump) || (cut && kMetadump.starts_with(word));
}

}  // namespace sslsniff::memcached
