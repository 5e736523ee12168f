#include "redaction/redactor.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "body/decoded_body.h"
#include "redaction/credential_names.h"
#include "redaction/redacted_text.h"

namespace sslsniff {
namespace {

bool contains_ignore_case(std::string_view text, std::string_view part) {
    return to_lower(text).find(part) != std::string::npos;
}

/// The media type says so, or it begins so.
bool may_be_json(const Body& body, ByteView bytes) {
    if (contains_ignore_case(body.content_type, "json")) {
        return true;
    }
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    return first != ByteView::npos && (bytes[first] == '{' || bytes[first] == '[');
}

bool is_form(const Body& body) {
    return contains_ignore_case(body.content_type, "x-www-form-urlencoded");
}

/// "request.headers.name" -> "name"
std::string_view last_part(std::string_view path) {
    return path.substr(path.rfind('.') + 1);
}

}  // namespace

std::string redacted(std::size_t bytes) {
    return fmt::format("<redacted {} byte{}>", bytes, bytes == 1 ? "" : "s");
}

Redactor::Redactor(bool well_known, bool bodies) : well_known_(well_known), bodies_(bodies) {}
Redactor::~Redactor() = default;

Result<std::shared_ptr<const Redactor>> Redactor::create(const RedactionOptions& options,
                                                         WellKnown well_known) {
    std::shared_ptr<Redactor> redactor(new Redactor(well_known == WellKnown::hide, options.bodies));
    for (const std::string& rule : options.rules) {
        if (auto added = redactor->add(rule); !added) {
            return std::unexpected(added.error());
        }
    }
    return redactor;
}

Result<void> Redactor::add(const std::string& rule) {
    constexpr std::string_view kHeader = "header:";
    constexpr std::string_view kField = "field:";
    for (const auto& [prefix, list] : {std::pair(kHeader, &headers_), std::pair(kField, &paths_)}) {
        if (rule.starts_with(prefix)) {
            if (rule.size() == prefix.size()) {
                return fail(ErrorKind::usage, fmt::format("{} needs a name behind it", prefix));
            }
            list->push_back(rule.substr(prefix.size()));
            return {};
        }
    }
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_encoding(re2::RE2::Options::EncodingLatin1);  // traffic is bytes
    auto pattern = std::make_unique<re2::RE2>(rule, options);
    if (!pattern->ok()) {
        return fail(ErrorKind::usage, fmt::format("{} is no regular expression: {}", printable(rule),
                                                  printable(pattern->error())));
    }
    if (re2::RE2::FullMatch("", *pattern)) {
        return fail(ErrorKind::usage,
                    fmt::format("{} matches everywhere: it would take out nothing", printable(rule)));
    }
    patterns_.push_back(std::move(pattern));
    return {};
}

std::optional<std::string> Redactor::by_patterns(ByteView text) const {
    std::optional<std::string> out;
    for (const auto& pattern : patterns_) {
        std::string changed = out ? *out : std::string(text);
        if (re2::RE2::GlobalReplace(&changed, *pattern, "<redacted>") > 0) {
            out = std::move(changed);
        }
    }
    return out;
}

std::optional<std::string> Redactor::header(std::string_view name, ByteView value) const {
    if (std::ranges::any_of(headers_,
                            [name](const std::string& own) { return equals_ignore_case(own, name); })) {
        return redacted(value.size());
    }
    if (value.empty()) {
        return std::nullopt;
    }
    if (well_known_ && is_secret_header(name)) {
        if (equals_ignore_case(name, "Cookie")) {
            return redact_cookies(value);
        }
        return equals_ignore_case(name, "Set-Cookie") ? redact_set_cookie(value) : redact_credentials(value);
    }
    if (equals_ignore_case(name, "Location") || equals_ignore_case(name, "Referer") ||
        equals_ignore_case(name, ":path")) {
        return url(value);
    }
    return by_patterns(value);
}

std::optional<std::string> Redactor::url(ByteView text) const {
    const bool may_hold = well_known_ && text.find_first_of("?#@") != ByteView::npos;
    auto out = may_hold ? redact_url(text, is_secret_parameter) : std::nullopt;
    if (auto more = by_patterns(out ? ByteView(*out) : text)) {
        out = std::move(more);
    }
    return out;
}

std::optional<std::string> Redactor::line(ByteView text) const {
    std::string out;
    bool changed = false;
    std::size_t at = 0;
    while (well_known_ && at < text.size() && text.find_first_of("?#@", at) != ByteView::npos) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        const ByteView word = text.substr(at, end - at);
        const auto clean = redact_url(word, is_secret_parameter);
        out.append(clean ? ByteView(*clean) : word);
        changed = changed || clean;
        if (end < text.size()) {
            out += ' ';
        }
        at = std::min(end + 1, text.size());
    }
    if (changed) {
        out.append(text.substr(at));
    }
    auto more = by_patterns(changed ? ByteView(out) : text);
    return more ? std::move(more) : changed ? std::optional(std::move(out)) : std::nullopt;
}

bool Redactor::is_named(std::string_view path) const {
    return std::ranges::find(paths_, path) != paths_.end();
}

std::optional<std::string> Redactor::field(std::string_view path, ByteView value) const {
    if (is_named(path)) {
        return redacted(value.size());
    }
    constexpr std::array<std::string_view, 2> kUrls{"url", "target"};
    if (std::ranges::find(kUrls, last_part(path)) != kUrls.end()) {
        return url(value);
    }
    return by_patterns(value);
}

std::optional<std::string> Redactor::unknown(ByteView bytes) const {
    constexpr std::array<std::string_view, 4> kLogins{"AUTH", "PASS", "AUTHENTICATE", "LOGIN"};
    std::string out;
    bool changed = false;
    for (ByteView rest = bytes; well_known_ && !rest.empty();) {
        const std::size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
        const ByteView line = rest.substr(0, end);
        const std::size_t space = line.find(' ');
        const bool login = space != ByteView::npos && space + 1 < line.size() &&
                           std::ranges::any_of(kLogins, [&](std::string_view word) {
                               return equals_ignore_case(line.substr(0, space), word);
                           });
        out.append(line.substr(0, login ? space + 1 : line.size()));
        if (login) {
            out += redacted(line.size() - space - 1);
            changed = true;
        }
        rest.remove_prefix(end);
        const std::size_t next = std::min(rest.find_first_not_of("\r\n"), rest.size());
        out.append(rest.substr(0, next));
        rest.remove_prefix(next);
    }
    auto more = by_patterns(changed ? ByteView(out) : bytes);
    return more ? std::move(more) : changed ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> Redactor::by_names(const Body& body, ByteView plain) const {
    if (!well_known_) {
        return std::nullopt;
    }
    if (is_form(body)) {
        return redact_form(plain, is_secret_parameter);
    }
    return may_be_json(body, plain) ? redact_json(plain, is_secret_member) : std::nullopt;
}

/// A compressed body is shown without its coding then: its size is that of what is shown.
std::optional<Body> Redactor::body(std::string_view path, const Body& body) const {
    if (!bodies_ || is_named(path)) {
        if (body.captured.empty() && body.json.empty()) {
            return std::nullopt;
        }
        Body out = body;
        out.captured.clear();
        out.json.clear();
        return out;
    }
    auto json = body.json.empty() || !well_known_ ? std::nullopt : redact_json(body.json, is_secret_member);
    const bool is_coded = !body.content_encoding.empty() && !body.captured.empty();
    const DecodedBody decoded = is_coded ? decode_body(body) : DecodedBody();
    const ByteView plain = is_coded ? ByteView(decoded.bytes) : ByteView(body.captured);
    std::optional<std::string> clean = by_names(body, plain);
    if (auto more = by_patterns(clean ? ByteView(*clean) : plain)) {
        clean = std::move(more);
    }
    if (!clean && !json) {
        return std::nullopt;  // as nearly all of them: nothing is copied
    }
    Body out = body;
    if (json) {
        out.json = *std::move(json);
    }
    if (!clean) {
        return out;
    }
    const std::uint64_t cut = body.size - std::min<std::uint64_t>(body.size, body.captured.size());
    out.captured = *std::move(clean);
    out.content_encoding.clear();
    out.size = out.captured.size() + cut;
    return out;
}

}  // namespace sslsniff
