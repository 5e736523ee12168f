#include "redaction/redacted_text.h"

#include <algorithm>

#include "redaction/redactor.h"

namespace sslsniff {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Behind the string that begins at `at` with a quote: the place behind its closing quote, or the end.
std::size_t end_of_string(ByteView json, std::size_t at) {
    for (++at; at < json.size(); ++at) {
        if (json[at] == '\\') {
            ++at;
        } else if (json[at] == '"') {
            return at + 1;
        }
    }
    return json.size();
}

/// Reads JSON token by token and writes it again, without secret values.
class JsonRedaction {
  public:
    JsonRedaction(ByteView json, const IsSecret& is_secret) : json_(json), is_secret_(is_secret) {}

    std::optional<std::string> run() {
        while (at_ < json_.size()) {
            step();
        }
        if (!changed_) {
            return std::nullopt;
        }
        out_.append(json_.substr(copied_));
        return std::move(out_);
    }

  private:
    void step() {
        const char c = json_[at_];
        if (c == '"') {
            string();
        } else if (std::string_view("{}[],").find(c) != std::string_view::npos) {
            secret_ = false;
            ++at_;
        } else if (is_space(c) || c == ':') {
            ++at_;
        } else {
            literal();
        }
    }

    /// The name of a member, or a value.
    void string() {
        const std::size_t end = end_of_string(json_, at_);
        std::size_t next = end;
        while (next < json_.size() && is_space(json_[next])) {
            ++next;
        }
        if (next < json_.size() && json_[next] == ':') {
            const ByteView name = json_.substr(at_ + 1, end - at_ - 2);
            secret_ = is_secret_(name);
            at_ = next + 1;
            return;
        }
        if (secret_) {
            const bool closed = end - at_ >= 2 && json_[end - 1] == '"';
            take_out(at_ + 1, closed ? end - 1 : end, false);
        }
        secret_ = false;
        at_ = end;
    }

    void literal() {
        std::size_t end = at_;
        while (end < json_.size() && !is_space(json_[end]) &&
               std::string_view(",]}:\"[{").find(json_[end]) == std::string_view::npos) {
            ++end;
        }
        if (secret_ && json_.substr(at_, end - at_) != "null") {
            take_out(at_, end, true);
        }
        secret_ = false;
        at_ = end;
    }

    void take_out(std::size_t begin, std::size_t end, bool quote) {
        if (begin == end) {
            return;
        }
        out_.append(json_.substr(copied_, begin - copied_));
        out_ += quote ? "\"" : "";
        out_ += redacted(end - begin);
        out_ += quote ? "\"" : "";
        copied_ = end;
        changed_ = true;
    }

    ByteView json_;
    const IsSecret& is_secret_;
    std::string out_;
    std::size_t at_ = 0;
    std::size_t copied_ = 0;
    bool changed_ = false;
    bool secret_ = false;  ///< the next value is that of a secret name
};

}  // namespace

std::optional<std::string> redact_json(ByteView json, const IsSecret& is_secret) {
    return JsonRedaction(json, is_secret).run();
}

std::optional<std::string> redact_form(ByteView form, const IsSecret& is_secret) {
    std::string out;
    bool changed = false;
    std::size_t at = 0;
    while (at <= form.size()) {
        const std::size_t end = std::min(form.find('&', at), form.size());
        const ByteView pair = form.substr(at, end - at);
        const std::size_t equals = pair.find('=');
        if (equals != ByteView::npos && equals + 1 < pair.size() && is_secret(pair.substr(0, equals))) {
            out.append(pair.substr(0, equals + 1)).append(redacted(pair.size() - equals - 1));
            changed = true;
        } else {
            out.append(pair);
        }
        if (end == form.size()) {
            break;
        }
        out += '&';
        at = end + 1;
    }
    return changed ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> redact_url(ByteView url, const IsSecret& is_secret) {
    std::string out;
    bool changed = false;
    const std::size_t query = std::min(url.find_first_of("?#"), url.size());
    ByteView front = url.substr(0, query);
    if (const std::size_t scheme = front.find("://"); scheme != ByteView::npos) {
        const std::size_t authority = scheme + 3;
        const std::size_t path = std::min(front.find('/', authority), front.size());
        const std::size_t at = front.substr(0, path).rfind('@');
        const std::size_t colon = front.find(':', authority);
        if (at != ByteView::npos && at >= authority && colon < at && colon + 1 < at) {
            out.append(front.substr(0, colon + 1)).append(redacted(at - colon - 1));
            front.remove_prefix(at);
            changed = true;
        }
    }
    out.append(front);
    ByteView rest = url.substr(query);
    while (!rest.empty()) {  // the query, then the fragment
        const std::size_t end = std::min(rest.find('#', 1), rest.size());
        const ByteView part = rest.substr(1, end - 1);
        out += rest.front();
        if (const auto clean = redact_form(part, is_secret)) {
            out += *clean;
            changed = true;
        } else {
            out.append(part);
        }
        rest.remove_prefix(end);
    }
    return changed ? std::optional(std::move(out)) : std::nullopt;
}

std::string redact_cookies(ByteView cookies) {
    std::string out;
    while (true) {
        const std::size_t end = std::min(cookies.find(';'), cookies.size());
        const ByteView cookie = cookies.substr(0, end);
        const std::size_t equals = cookie.find('=');
        const std::size_t value = equals == ByteView::npos ? 0 : equals + 1;
        out.append(cookie.substr(0, value));
        if (value < cookie.size()) {
            out += redacted(cookie.size() - value);
        }
        if (end == cookies.size()) {
            return out;
        }
        out += ';';
        cookies.remove_prefix(end + 1);
    }
}

std::string redact_set_cookie(ByteView cookie) {
    const std::size_t end = std::min(cookie.find(';'), cookie.size());
    return redact_cookies(cookie.substr(0, end)).append(cookie.substr(end));
}

std::string redact_credentials(ByteView credentials) {
    const std::size_t space = credentials.find(' ');
    if (space == ByteView::npos || space == 0) {
        return redacted(credentials.size());
    }
    return std::string(credentials.substr(0, space + 1)) + redacted(credentials.size() - space - 1);
}

}  // namespace sslsniff
