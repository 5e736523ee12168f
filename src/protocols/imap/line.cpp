#include "protocols/imap/line.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/number.h"
#include "base/text.h"
#include "protocols/line_end.h"

namespace sslsniff::imap {
namespace {

constexpr std::size_t kLongestTag = 32;
constexpr std::size_t kLongestName = 16;
constexpr std::size_t kLongestNumber = 12;

constexpr std::array<std::string_view, 46> kCommands{
    "CAPABILITY",  "NOOP",        "LOGOUT",    "STARTTLS",      "AUTHENTICATE", "LOGIN",        "ENABLE",
    "SELECT",      "EXAMINE",     "CREATE",    "DELETE",        "RENAME",       "SUBSCRIBE",    "UNSUBSCRIBE",
    "LIST",        "LSUB",        "NAMESPACE", "STATUS",        "APPEND",       "IDLE",         "CLOSE",
    "UNSELECT",    "EXPUNGE",     "SEARCH",    "FETCH",         "STORE",        "COPY",         "MOVE",
    "UID",         "CHECK",       "ID",        "GETQUOTA",      "SETQUOTA",     "GETQUOTAROOT", "GETACL",
    "SETACL",      "MYRIGHTS",    "SORT",      "THREAD",        "COMPRESS",     "NOTIFY",       "XLIST",
    "GETMETADATA", "SETMETADATA", "REPLACE",   "UNAUTHENTICATE"};
/// Words that lines of other kinds might have in second place.
constexpr std::array<std::string_view, 9> kPlainWords{"NOOP", "ID",   "CHECK", "DELETE", "CREATE",
                                                      "COPY", "MOVE", "CLOSE", "RENAME"};
constexpr std::array<std::string_view, 5> kStatuses{"OK", "NO", "BAD", "BYE", "PREAUTH"};
constexpr std::array<std::string_view, 3> kEnds{"OK", "NO", "BAD"};
constexpr std::array<std::string_view, 10> kNamedData{
    "CAPABILITY", "FLAGS", "LIST", "LSUB", "SEARCH", "STATUS", "ESEARCH", "ENABLED", "NAMESPACE", "ID"};
constexpr std::array<std::string_view, 4> kCountedData{"EXISTS", "RECENT", "EXPUNGE", "FETCH"};

template <std::size_t N>
bool is_among(const std::array<std::string_view, N>& words, ByteView word) {
    return std::ranges::any_of(words, [&](std::string_view one) { return equals_ignore_case(one, word); });
}

/// RFC 9051 section 9, "tag", without what nobody uses.
bool is_tag_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '$' || c == ':' || c == '/';
}
bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

ByteView first_word(ByteView text) {
    return text.substr(0, text.find(' '));
}
ByteView behind(ByteView text, ByteView word) {
    return text.substr(std::min(word.size() + 1, text.size()));
}

bool is_tag(ByteView word) {
    return !word.empty() && word.size() <= kLongestTag && std::ranges::all_of(word, is_tag_character);
}

/// Where the announcement of a literal begins, in a line without its end; npos: there is none.
std::size_t announcement(ByteView text) {
    if (!text.ends_with('}')) {
        return ByteView::npos;
    }
    const auto brace = text.rfind('{');
    const bool is_near = brace != ByteView::npos && text.size() - brace <= kLongestNumber;
    return is_near ? brace : ByteView::npos;
}

std::optional<std::uint64_t> literal_size(ByteView text) {
    const auto brace = announcement(text);
    if (brace == ByteView::npos) {
        return std::nullopt;
    }
    ByteView number = text.substr(brace + 1, text.size() - brace - 2);
    if (number.ends_with('+') || number.ends_with('-')) {
        number.remove_suffix(1);
    }
    return parse_number<std::uint64_t>(number);
}

/// "[READ-WRITE] done" in its parts.
void read_status_text(ByteView text, Response& response) {
    const auto end = text.find(']');
    if (text.starts_with('[') && end != ByteView::npos) {
        response.code = text.substr(1, end - 1);
        text = trim(text.substr(end + 1));
    }
    response.text = text;
}

}  // namespace

std::optional<Piece> read_piece(ByteView bytes) {
    const auto end = bytes.substr(0, kMostLine).find('\n');
    if (end == ByteView::npos) {
        return std::nullopt;
    }
    return Piece{end + 1, literal_size(without_line_end(bytes.substr(0, end + 1)))};
}

std::optional<Command> read_command(ByteView line) {
    ByteView text = without_line_end(line);
    if (literal_size(text)) {
        text = text.substr(0, announcement(text));
    }
    Command command;
    command.tag = first_word(text);
    const ByteView rest = behind(text, command.tag);
    command.name = first_word(rest);
    if (!is_tag(command.tag) || command.name.empty() || command.name.size() > kLongestName ||
        !std::ranges::all_of(command.name, is_letter)) {
        return std::nullopt;
    }
    if (equals_ignore_case(command.name, "UID")) {
        const ByteView both =
            rest.substr(0, command.name.size() + 1 + first_word(behind(rest, command.name)).size());
        command.name = both;
    }
    command.arguments = trim(behind(rest, command.name));
    return command;
}

bool is_known(ByteView name) {
    return is_among(kCommands, first_word(name));
}

bool may_become_command(ByteView cut) {
    const ByteView tag = first_word(cut);
    if (!is_tag(tag)) {
        return cut.empty();
    }
    const ByteView rest = behind(cut, tag);
    const ByteView name = first_word(without_line_end(rest));
    if (name.size() < rest.size()) {
        return is_known(name);
    }
    return std::ranges::any_of(kCommands, [&](std::string_view known) {
        return equals_ignore_case(known.substr(0, name.size()), std::string_view(name));
    });
}

bool is_telling_command(const Command& command) {
    return is_known(command.name) && !is_among(kPlainWords, first_word(command.name));
}

std::optional<Response> read_response(ByteView line) {
    const ByteView text = without_line_end(line);
    Response response;
    if (text == "+" || text.starts_with("+ ")) {
        response.kind = Response::Kind::more;
        response.text = text.substr(std::min<std::size_t>(2, text.size()));
        return response;
    }
    response.tag = first_word(text);
    const ByteView rest = behind(text, response.tag);
    const ByteView word = first_word(rest);
    const bool is_status = is_among(kStatuses, word);
    if (response.tag == "*") {
        response.tag = {};
        response.text = rest;
        if (is_status) {
            response.status = word;
            read_status_text(behind(rest, word), response);
        }
        return rest.empty() ? std::nullopt : std::optional(response);
    }
    if (!is_tag(response.tag) || !is_among(kEnds, word)) {
        return std::nullopt;
    }
    response.kind = Response::Kind::tagged;
    response.status = word;
    read_status_text(behind(rest, word), response);
    return response;
}

bool may_become_response(ByteView cut) {
    if (cut.empty() || cut == "*" || cut == "+" || cut.starts_with("* ") || cut.starts_with("+ ")) {
        return true;
    }
    const ByteView tag = first_word(cut);
    if (!is_tag(tag)) {
        return false;
    }
    const ByteView rest = behind(cut, tag);
    const ByteView word = first_word(rest);
    return word.size() < rest.size()
               ? is_among(kEnds, word)
               : std::ranges::any_of(
                     kEnds,
                     [&](std::string_view end) {
                         return equals_ignore_case(end.substr(0, word.size()), std::string_view(word));
                     });
}

bool is_telling_response(const Response& response) {
    if (response.kind != Response::Kind::untagged) {
        return false;
    }
    if (!response.status.empty()) {
        const bool names_itself = to_lower(prefix_of(response.text, 1024)).find("imap") != std::string::npos;
        return names_itself || response.code.starts_with("CAPABILITY IMAP4");
    }
    const ByteView word = first_word(response.text);
    if (!word.empty() && std::ranges::all_of(word, is_digit)) {
        return is_among(kCountedData, first_word(behind(response.text, word)));
    }
    return is_among(kNamedData, word) && word.size() < response.text.size();
}

}  // namespace sslsniff::imap
