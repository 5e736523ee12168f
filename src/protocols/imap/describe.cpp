#include "protocols/imap/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace sslsniff::imap {
namespace {

constexpr std::size_t kMostShown = 200;  // bytes of arguments in a line
constexpr std::size_t kMostArguments = 4096;

/// Commands whose first argument is a mailbox.
constexpr std::array<std::string_view, 10> kOfMailboxes{"SELECT",    "EXAMINE", "CREATE", "DELETE",
                                                        "RENAME",    "STATUS",  "APPEND", "UNSUBSCRIBE",
                                                        "SUBSCRIBE", "GETACL"};

std::string redacted(ByteView secret) {
    return fmt::format("<redacted {} bytes>", secret.size());
}

/// A quoted string or an atom at the beginning (RFC 9051 section 9, "astring").
ByteView first_argument(ByteView arguments) {
    if (!arguments.starts_with('"')) {
        return arguments.substr(0, arguments.find(' '));
    }
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        if (arguments[i] == '\\') {
            ++i;
        } else if (arguments[i] == '"') {
            return arguments.substr(0, i + 1);
        }
    }
    return arguments;
}

ByteView unquoted(ByteView text) {
    return text.size() >= 2 && text.starts_with('"') && text.ends_with('"') ? text.substr(1, text.size() - 2)
                                                                            : text;
}

std::string without_secrets(std::string_view name, ByteView arguments, bool show_secrets) {
    const bool is_login = name == "LOGIN" || name == "AUTHENTICATE";
    const ByteView first = first_argument(arguments);
    const ByteView rest = trim(arguments.substr(first.size()));
    return !is_login || show_secrets || rest.empty() ? std::string(arguments)
                                                     : fmt::format("{} {}", first, redacted(rest));
}

}  // namespace

std::string name_of(const Command& command) {
    std::string name(command.name);
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return name;
}

void describe_command(const Command& command, bool show_secrets, Flow& flow) {
    DescribedExchange& exchange = *flow.exchange;
    const std::string name = name_of(command);
    const std::string arguments = without_secrets(name, command.arguments, show_secrets);
    exchange.said.operation = name;
    exchange.request.text("tag", command.tag);
    exchange.request.text("command", name);
    if (!arguments.empty()) {
        exchange.request.text("arguments", prefix_of(arguments, kMostArguments));
    }
    if (std::ranges::find(kOfMailboxes, name) != kOfMailboxes.end()) {
        const ByteView mailbox = unquoted(first_argument(command.arguments));
        exchange.request.text("mailbox", mailbox);
        exchange.said.target = mailbox;
    }
    exchange.request_line = name;
    if (!arguments.empty()) {
        exchange.request_line += fmt::format(" {}", prefix_of(arguments, kMostShown));
    }
}

void describe_response(const Response& response, Flow& flow) {
    DescribedExchange& exchange = *flow.exchange;
    if (!response.status.empty()) {
        exchange.response.text("condition", response.status);
    }
    if (!response.code.empty()) {
        exchange.response.text("response_code", response.code);
    }
    exchange.response.text("text", response.text);
    exchange.response_line = fmt::format("{}{}{}", response.status, response.status.empty() ? "" : " ",
                                         prefix_of(response.text, kMostShown));
    if (equals_ignore_case(response.status, "NO") || equals_ignore_case(response.status, "BAD")) {
        exchange.said.outcome = Outcome::client_error;
        const ByteView code = response.code.substr(0, response.code.find(' '));
        exchange.said.error_type = code.empty() ? response.status : code;
    }
}

void describe_untagged(const std::vector<std::string>& lines, std::uint64_t count,
                       std::uint64_t literal_bytes, Flow& flow) {
    if (count == 0) {
        return;
    }
    RecordedFields& fields = flow.exchange->response;
    fields.begin_array("untagged");
    for (const std::string& line : lines) {
        fields.text({}, line);
    }
    fields.end_array();
    fields.number("untagged_count", static_cast<std::int64_t>(count));
    if (literal_bytes > 0) {
        fields.number("literal_bytes", static_cast<std::int64_t>(literal_bytes));
    }
    flow.exchange->response_line += fmt::format(" ({} untagged)", count);
}

}  // namespace sslsniff::imap
