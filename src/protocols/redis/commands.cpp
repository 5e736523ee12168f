#include "protocols/redis/commands.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "protocols/redis/inline_command.h"
#include "protocols/redis/resp_number.h"
#include "protocols/redis/value_text.h"

namespace sslsniff::redis {
namespace {

/// The words of a request by number. Requests are flat, so word n is node n + 1.
class Words {
  public:
    explicit Words(const RespValue& request) : request_(request) {}
    /// Words on the wire, kept or not.
    std::int64_t count() const {
        return request_.empty() ? 0 : static_cast<std::int64_t>(request_.nodes.front().size);
    }
    std::int64_t kept() const { return static_cast<std::int64_t>(request_.nodes.size()) - 1; }
    ByteView at(std::int64_t n) const {
        return n >= 0 && n < kept() ? request_.text_of(request_.nodes[static_cast<std::size_t>(n) + 1])
                                    : ByteView{};
    }
    bool is(std::int64_t n, std::string_view word) const { return equals_ignore_case(at(n), word); }

  private:
    const RespValue& request_;
};

void add_range(const Words& words, std::int64_t first, std::int64_t last, std::int64_t step,
               std::vector<ByteView>& keys) {
    for (std::int64_t n = first; n <= std::min(last, words.kept() - 1) && n > 0; n += step) {
        keys.push_back(words.at(n));
    }
}

bool is_secret_setting(ByteView name) {
    constexpr std::array kSecret{
        "requirepass",   "masterauth", "masteruser",  "tls-key-file-pass", "tls-client-key-file-pass",
        "sentinel-pass", "auth-pass",  "primaryauth", "primaryuser"};
    return std::ranges::any_of(kSecret, [&](const char* s) { return equals_ignore_case(name, s); });
}

/// First word to hide and how many follow it; none: first 0.
struct Secret {
    std::int64_t first = 0;
    std::int64_t last = 0;
};

Secret find_secret(const Words& words) {
    const std::int64_t end = words.kept() - 1;
    if (words.is(0, "auth")) {
        return {1, end};
    }
    if (words.is(0, "acl") && words.is(1, "setuser")) {
        return {3, end};
    }
    const bool hello = words.is(0, "hello");
    if (hello || words.is(0, "migrate")) {
        for (std::int64_t n = hello ? 2 : 6; n <= end; ++n) {
            if (words.is(n, "auth2") || (hello && words.is(n, "auth"))) {
                return {n + 1, std::min(n + 2, end)};
            }
            if (words.is(n, "auth")) {
                return {n + 1, std::min(n + 1, end)};
            }
        }
    }
    return {};
}

/// CONFIG SET, SENTINEL SET of a master, SENTINEL CONFIG SET: where names and values begin; 0: nowhere.
std::int64_t first_setting(const Words& words) {
    if (words.is(0, "config") && words.is(1, "set")) {
        return 2;
    }
    const bool sentinel = words.is(0, "sentinel");
    return sentinel && (words.is(1, "set") || (words.is(1, "config") && words.is(2, "set"))) ? 3 : 0;
}

/// A request that was sent as a line.
RespValue request_of(const std::vector<Bytes>& words) {
    RespValue request;
    request.nodes.push_back({RespType::array, 0, 0, words.size()});
    for (const Bytes& word : words) {
        const auto size = static_cast<std::uint32_t>(word.size());
        request.nodes.push_back(
            {RespType::bulk_string, static_cast<std::uint32_t>(request.text.size()), size, size});
        request.text += word;
    }
    return request;
}

void hide(RespValue& value, RespNode& node) {
    static constexpr ByteView kHidden = "***";
    if (is_aggregate(node.type) || is_error(node.type) || node.type == RespType::null) {
        return;
    }
    std::fill_n(value.text.begin() + node.offset, node.kept, '*');
    // Its length is a secret too, so the replacement is appended.
    node.offset = static_cast<std::uint32_t>(value.text.size());
    node.kept = static_cast<std::uint32_t>(kHidden.size());
    node.size = kHidden.size();
    value.text.append(kHidden);
}

void hide_word(RespValue& request, std::int64_t word) {
    hide(request, request.nodes[static_cast<std::size_t>(word) + 1]);
}

}  // namespace

std::vector<ByteView> keys_of(const RespValue& request) {
    std::vector<ByteView> keys;
    const Words words(request);
    const KeySpec* spec = find_command(words.at(0));
    if (spec == nullptr) {
        return keys;
    }
    if (spec->first > 0) {
        const std::int64_t last = spec->last < 0 ? words.count() + spec->last : spec->last;
        add_range(words, spec->first, last, spec->step, keys);
    }
    std::int64_t count = 0;
    if (spec->numkeys > 0 && parse_integer(words.at(spec->numkeys), count) && count > 0) {
        add_range(words, spec->numkeys + 1, spec->numkeys + std::min(count, words.count()), 1, keys);
    }
    for (std::int64_t n = 1; spec->streams && n < words.kept(); ++n) {
        if (words.is(n, "streams")) {
            add_range(words, n + 1, n + (words.count() - n - 1) / 2, 1, keys);
            break;
        }
    }
    return keys;
}

ReplyRule reply_rule(const RespValue& request) {
    const Words words(request);
    const ByteView name = words.at(0);
    if (name.size() >= 9 && equals_ignore_case(name.substr(name.size() - 9), "subscribe")) {
        return ReplyRule::subscription;
    }
    if (words.is(0, "monitor")) {
        return ReplyRule::monitor;
    }
    if (words.is(0, "sync") || words.is(0, "psync")) {
        return ReplyRule::replication;
    }
    if (words.is(0, "replconf") && words.is(1, "ack")) {
        return ReplyRule::none;
    }
    if (words.is(0, "client") && words.is(1, "reply")) {
        return words.is(2, "off")    ? ReplyRule::reply_off
               : words.is(2, "skip") ? ReplyRule::reply_skip
                                     : ReplyRule::reply_on;
    }
    return ReplyRule::one;
}

bool hide_secrets(RespValue& request) {
    const Words words(request);
    bool hidden = false;
    if (const Secret secret = find_secret(words); secret.first > 0) {
        for (std::int64_t n = secret.first; n <= secret.last; ++n) {
            hide_word(request, n);
            hidden = true;
        }
    }
    if (const std::int64_t settings = first_setting(words); settings > 0) {
        for (std::int64_t n = settings; n + 1 < words.kept(); n += 2) {
            if (is_secret_setting(words.at(n))) {
                hide_word(request, n + 1);
                hidden = true;
            }
        }
    }
    return hidden;
}

bool hide_monitored_secrets(RespValue& line) {
    const std::size_t root = root_index(line);
    if (root >= line.nodes.size()) {
        return false;
    }
    RespNode& node = line.nodes[root];
    const ByteView text = line.text_of(node);
    const std::size_t begin = text.find("] \"");
    if (begin == ByteView::npos) {
        return false;
    }
    RespValue request = request_of(split_inline(text.substr(begin + 2)));
    if (!hide_secrets(request)) {
        return false;
    }
    Bytes clean(text.substr(0, begin + 1));
    for (const RespNode& word : std::span(request.nodes).subspan(1)) {
        clean += ' ';
        append_quoted(clean, request.text_of(word));
    }
    std::fill_n(line.text.begin() + node.offset, node.kept, '*');
    node.offset = static_cast<std::uint32_t>(line.text.size());
    node.kept = static_cast<std::uint32_t>(clean.size());
    node.size = clean.size();
    line.text += clean;
    return true;
}

void hide_reply_secrets(const RespValue& request, RespValue& reply) {
    const Words words(request);
    if (words.is(0, "acl") && (words.is(1, "getuser") || words.is(1, "list") || words.is(1, "genpass"))) {
        for (RespNode& node : reply.nodes) {
            hide(reply, node);
        }
    }
    if (words.is(0, "config") && words.is(1, "get")) {
        for (std::size_t i = 0; i + 1 < reply.nodes.size(); ++i) {
            if (is_secret_setting(reply.text_of(reply.nodes[i]))) {
                hide(reply, reply.nodes[i + 1]);
            }
        }
    }
}

}  // namespace sslsniff::redis
