#include "output/otlp/otlp_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/number.h"
#include "base/text.h"

namespace sslsniff {
namespace {

/// RFC 9110 section 5.6.2
bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               kOthers.contains(c);
    });
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text,
                               [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; });
}

Result<void> set_header(std::string_view name, std::string_view value, OtlpSettings& settings) {
    if (!is_token(name) || has_control(value)) {
        return fail(ErrorKind::usage, "--otlp header.NAME=VALUE: this is no header field");
    }
    settings.headers.push_back(fmt::format("{}: {}", name, value));
    return {};
}

Result<void> set_file(std::string_view value, std::string& file) {
    if (value.empty()) {
        return fail(ErrorKind::usage, "--otlp: ca, cert and key name files");
    }
    file = value;
    return {};
}

Result<void> set_metrics(std::string_view value, OtlpSettings& settings) {
    constexpr std::uint32_t kDay = 86'400;
    const auto seconds = parse_number<std::uint32_t>(value);
    if (!seconds || *seconds == 0 || *seconds > kDay) {
        return fail(
            ErrorKind::usage,
            fmt::format("--otlp metrics={}: give a number of seconds, like metrics=60", printable(value)));
    }
    settings.metrics = std::chrono::seconds(*seconds);
    return {};
}

}  // namespace

Result<std::string> parse_collector_url(std::string_view text) {
    const auto wrong = [&](std::string_view why) {
        return fail(ErrorKind::usage,
                    fmt::format("-o otlp: '{}' {}, like otlp:http://localhost:4318", printable(text), why));
    };
    const std::size_t colon = text.find("://");
    const std::string scheme = to_lower(text.substr(0, colon));
    if (colon == std::string_view::npos || (scheme != "http" && scheme != "https")) {
        return wrong("is no URL of a collector");
    }
    std::string_view rest = text.substr(colon + 3);
    if (rest.empty() || rest.starts_with('/') || has_control(rest) || rest.contains(' ')) {
        return wrong("names no host");
    }
    if (rest.find_first_of("?#@") != std::string_view::npos) {
        return wrong("has more than host, port and path");
    }
    for (const std::string_view end : {"/v1/traces", "/v1/metrics", "/"}) {
        rest.remove_suffix(rest.ends_with(end) ? end.size() : 0);
    }
    while (rest.ends_with('/')) {
        rest.remove_suffix(1);
    }
    return fmt::format("{}://{}", scheme, rest);
}

Result<void> parse_otlp_setting(std::string_view text, OtlpSettings& settings) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : text.substr(equals + 1);
    constexpr std::string_view kHeader = "header.";
    constexpr std::string_view kResource = "resource.";
    if (equals != std::string_view::npos) {
        if (name.starts_with(kHeader)) {
            return set_header(name.substr(kHeader.size()), value, settings);
        }
        if (name.starts_with(kResource) && name.size() > kResource.size()) {
            settings.resource.emplace_back(name.substr(kResource.size()), value);
            return {};
        }
        if (name == "ca") {
            return set_file(value, settings.ca_file);
        }
        if (name == "cert") {
            return set_file(value, settings.certificate);
        }
        if (name == "key") {
            return set_file(value, settings.key);
        }
        if (name == "metrics") {
            return set_metrics(value, settings);
        }
    }
    // What is behind a name that is not known may be a secret.
    return fail(ErrorKind::usage,
                fmt::format("--otlp: '{}' is none of header.NAME=VALUE, resource.NAME=VALUE, ca=FILE, "
                            "cert=FILE, key=FILE, metrics=SECONDS (docs/otlp.md)",
                            printable(name)));
}

}  // namespace sslsniff
