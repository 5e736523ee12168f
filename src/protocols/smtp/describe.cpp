#include "protocols/smtp/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/number.h"
#include "base/text.h"
#include "protocols/line_end.h"

namespace sslsniff::smtp {
namespace {

using framed::Side;

constexpr std::size_t kMostShown = 200;       // bytes of an argument in a line
constexpr std::size_t kMostLoginLine = 4096;  // bytes of what a login says

std::string upper_case(ByteView verb) {
    std::string out(verb);
    std::ranges::transform(
        out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return out;
}

std::string redacted(ByteView secret) {
    return fmt::format("<redacted {} bytes>", secret.size());
}

/// "FROM:<a@example.com> SIZE=10": the address, and what follows it.
struct Path {
    ByteView address;
    ByteView parameters;
};
Path read_path(ByteView argument) {
    const auto colon = argument.find(':');
    const ByteView rest = colon == ByteView::npos ? ByteView() : trim(argument.substr(colon + 1));
    const bool in_brackets = rest.starts_with('<');
    const auto end = std::min(in_brackets ? rest.find('>') : rest.find(' '), rest.size());
    return {in_brackets ? rest.substr(1, end - std::min<std::size_t>(end, 1)) : rest.substr(0, end),
            trim(rest.substr(std::min(end + 1, rest.size())))};
}

void describe_path(std::string_view name, ByteView argument, Flow& flow) {
    const Path path = read_path(argument);
    RecordedFields& fields = flow.exchange->request;
    fields.text(name, path.address);
    if (!path.parameters.empty()) {
        fields.text("parameters", path.parameters);
    }
    flow.exchange->said.target = path.address;
}

/// "PLAIN AGJvYgBzZWNyZXQ=": the mechanism is no secret.
std::string describe_auth(ByteView argument, bool show_secrets, Flow& flow) {
    const auto space = std::min(argument.find(' '), argument.size());
    const ByteView mechanism = argument.substr(0, space);
    const ByteView initial = argument.substr(std::min(space + 1, argument.size()));
    flow.exchange->request.text("mechanism", mechanism);
    flow.exchange->said.target = mechanism;
    if (initial.empty()) {
        return std::string(mechanism);
    }
    const std::string shown = show_secrets ? std::string(initial) : redacted(initial);
    flow.exchange->request.text("initial_response", shown);
    return fmt::format("{} {}", mechanism, shown);
}

/// Of a header section (RFC 5322 section 2.2), its first value, unfolded; empty when there is none.
std::string header_field(ByteView mail, std::string_view name) {
    constexpr std::size_t kMostHeader = 16'384;
    mail = prefix_of(mail, kMostHeader);
    std::string value;
    bool found = false;
    while (!mail.empty()) {
        const auto end = std::min(mail.find('\n'), mail.size());
        const ByteView line = without_line_end(mail.substr(0, std::min(end + 1, mail.size())));
        mail.remove_prefix(std::min(end + 1, mail.size()));
        const bool continues = line.starts_with(' ') || line.starts_with('\t');
        if (line.empty() || (found && !continues)) {
            break;
        }
        if (found) {
            value += fmt::format(" {}", trim(line));
        } else if (line.size() > name.size() && line[name.size()] == ':' &&
                   equals_ignore_case(line.substr(0, name.size()), name)) {
            found = true;
            value = trim(line.substr(name.size() + 1));
        }
    }
    return value;
}

Outcome outcome_of(unsigned code) {
    constexpr unsigned kTransient = 400;
    constexpr unsigned kPermanent = 500;
    return code >= kPermanent   ? Outcome::client_error
           : code >= kTransient ? Outcome::server_error
                                : Outcome::ok;
}

}  // namespace

void describe_command(const Command& command, bool show_secrets, Flow& flow) {
    DescribedExchange& exchange = *flow.exchange;
    const std::string verb = upper_case(command.verb);
    exchange.said.operation = verb;
    exchange.request.text("command", verb);
    std::string argument(command.argument);
    if (verb == "MAIL") {
        describe_path("from", command.argument, flow);
    } else if (verb == "RCPT") {
        describe_path("to", command.argument, flow);
    } else if (verb == "AUTH") {
        argument = describe_auth(command.argument, show_secrets, flow);
    } else if (!command.argument.empty()) {
        exchange.request.text("argument", command.argument);
    }
    exchange.request_line = verb;
    if (!argument.empty()) {
        exchange.request_line += fmt::format(" {}", prefix_of(argument, kMostShown));
    }
}

void describe_mail(Body body, Flow& flow) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kShown{
        {{"Subject", "subject"},
         {"From", "from"},
         {"To", "to"},
         {"Date", "date"},
         {"Message-ID", "message_id"}}};
    DescribedExchange& exchange = *flow.exchange;
    exchange.said.request_bytes += body.size;
    exchange.request.begin_object("mail");
    for (const auto& [name, key] : kShown) {
        if (const std::string value = header_field(body.captured, name); !value.empty()) {
            exchange.request.text(key, value);
            if (key == "subject") {
                exchange.request_line += fmt::format(" \"{}\"", prefix_of(value, kMostShown));
            }
        }
    }
    exchange.request.end_object();
    exchange.request_line += fmt::format(" ({} bytes)", body.size);
    flow.missing += body.missing;
    exchange.request.body("data", body);
}

std::string login_line(ByteView line, bool show_secrets) {
    return show_secrets ? std::string(prefix_of(line, kMostLoginLine)) : redacted(line);
}

void describe_login(const std::vector<std::string>& lines, Flow& flow) {
    if (lines.empty()) {
        return;
    }
    flow.exchange->request.begin_array("responses");
    for (const std::string& line : lines) {
        flow.exchange->request.text({}, line);
    }
    flow.exchange->request.end_array();
}

void describe_reply(unsigned code, ByteView text, Flow& flow) {
    DescribedExchange& exchange = *flow.exchange;
    const ByteView first = text.substr(0, text.find('\n'));
    exchange.response.number("code", std::int64_t{code});
    if (const ByteView enhanced = enhanced_code(first); !enhanced.empty()) {
        exchange.response.text("enhanced_code", enhanced);
    }
    exchange.response.begin_array("lines");
    for (ByteView rest = text;;) {
        const auto end = std::min(rest.find('\n'), rest.size());
        exchange.response.text({}, rest.substr(0, end));
        if (end == rest.size()) {
            break;
        }
        rest.remove_prefix(end + 1);
    }
    exchange.response.end_array();
    exchange.response_line = fmt::format("{} {}", code, prefix_of(first, kMostShown));
    exchange.said.outcome = outcome_of(code);
    if (exchange.said.outcome != Outcome::ok) {
        exchange.said.error_type = fmt::format("{}", code);
    }
    exchange.said.response_bytes += text.size();
}

}  // namespace sslsniff::smtp
