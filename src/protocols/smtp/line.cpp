#include "protocols/smtp/line.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "protocols/line_end.h"

namespace sslsniff::smtp {
namespace {

constexpr std::size_t kLongestVerb = 16;

/// IANA's registry of SMTP service extensions, RFC 5321, and what Postfix adds.
constexpr std::array<std::string_view, 22> kVerbs{
    "HELO", "EHLO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET",     "VRFY",    "EXPN",     "HELP",
    "NOOP", "QUIT", "AUTH", "ETRN", "ATRN", "TURN", "BURL", "STARTTLS", "XCLIENT", "XFORWARD", "SEND"};

constexpr std::array<std::string_view, 8> kExtensions{
    "SIZE", "PIPELINING", "STARTTLS", "8BITMIME", "CHUNKING", "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN"};

bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool begins_with(ByteView text, std::string_view prefix) {
    return equals_ignore_case(text.substr(0, prefix.size()), prefix);
}

/// As the first word of a line: whether `verb` is, or begins, one that is known.
bool may_be_known(ByteView verb) {
    return std::ranges::any_of(
        kVerbs, [&](std::string_view known) { return begins_with(known, std::string_view(verb)); });
}

}  // namespace

std::optional<Command> read_command(ByteView line) {
    const ByteView text = without_line_end(line);
    const auto* end = std::ranges::find_if_not(text, is_letter);
    const auto size = static_cast<std::size_t>(end - text.begin());
    if (size == 0 || size > kLongestVerb || (size < text.size() && text[size] != ' ')) {
        return std::nullopt;
    }
    return Command{text.substr(0, size), text.substr(std::min(size + 1, text.size()))};
}

bool is_known(ByteView verb) {
    return std::ranges::any_of(kVerbs,
                               [&](std::string_view known) { return equals_ignore_case(known, verb); });
}

bool may_become_command(ByteView cut) {
    const auto* end = std::ranges::find_if_not(cut, is_letter);
    const auto size = static_cast<std::size_t>(end - cut.begin());
    return size == cut.size() ? size <= kLongestVerb && may_be_known(cut)
                              : (cut[size] == ' ' || cut[size] == '\r') && is_known(cut.substr(0, size));
}

bool is_telling_command(const Command& command) {
    constexpr std::array<std::string_view, 3> kHellos{"EHLO", "HELO", "LHLO"};
    if (std::ranges::any_of(kHellos, [&](auto hello) { return equals_ignore_case(hello, command.verb); })) {
        return !command.argument.empty();
    }
    return (equals_ignore_case(command.verb, "MAIL") && begins_with(command.argument, "FROM:")) ||
           (equals_ignore_case(command.verb, "RCPT") && begins_with(command.argument, "TO:"));
}

std::optional<ReplyLine> read_reply_line(ByteView line) {
    constexpr std::size_t kCode = 3;
    const ByteView text = without_line_end(line);
    if (!may_become_reply(text) || text.size() < kCode) {
        return std::nullopt;
    }
    ReplyLine reply;
    for (const char digit : text.substr(0, kCode)) {
        reply.code = 10 * reply.code + static_cast<unsigned>(digit - '0');
    }
    reply.is_last = text.size() == kCode || text[kCode] != '-';
    reply.text = text.substr(std::min(kCode + 1, text.size()));
    return reply;
}

bool may_become_reply(ByteView cut) {
    constexpr std::size_t kCode = 3;
    for (std::size_t i = 0; i < std::min(cut.size(), kCode); ++i) {
        if (!is_digit(cut[i]) || (i == 0 && (cut[i] < '2' || cut[i] > '5')) || (i == 1 && cut[i] > '5')) {
            return false;
        }
    }
    return cut.size() <= kCode || cut[kCode] == ' ' || cut[kCode] == '-' || cut[kCode] == '\r';
}

bool is_telling_reply(const ReplyLine& reply) {
    constexpr unsigned kReady = 220;
    constexpr unsigned kOk = 250;
    constexpr unsigned kStartInput = 354;
    if (reply.code == kReady) {
        const std::string text = to_lower(reply.text);
        return text.find("smtp") != std::string::npos || text.find("lmtp") != std::string::npos;
    }
    if (reply.code == kOk && !reply.is_last) {
        const ByteView word = reply.text.substr(0, reply.text.find(' '));
        return std::ranges::any_of(kExtensions, [&](auto known) { return equals_ignore_case(known, word); });
    }
    return reply.code == kStartInput && reply.is_last;
}

ByteView enhanced_code(ByteView text) {
    const ByteView word = text.substr(0, text.find(' '));
    const bool is_code = word.size() >= 5 && (word[0] == '2' || word[0] == '4' || word[0] == '5') &&
                         word[1] == '.' && std::ranges::count(word, '.') == 2 && is_digit(word.back()) &&
                         std::ranges::all_of(word, [](char c) { return is_digit(c) || c == '.'; });
    return is_code ? word : ByteView();
}

}  // namespace sslsniff::smtp
