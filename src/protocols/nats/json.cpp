#include "protocols/nats/json.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/json_walk.h"

namespace sslsniff::nats {
namespace {

using rapidjson::SizeType;

/// Deeper, nothing is written.
constexpr std::size_t kMostDepth = 16;
constexpr unsigned kFlags = rapidjson::kParseIterativeFlag;

/// Members of CONNECT that prove who somebody is, and what INFO gives to be signed.
constexpr auto kSecrets =
    std::to_array<std::string_view>({"pass", "auth_token", "jwt", "sig", "nonce", "nkey_seed"});

bool parse(ByteView json, auto& handler) {
    rapidjson::MemoryStream stream(json.data(), json.size());
    rapidjson::Reader reader;
    return !reader.Parse<kFlags>(stream, handler).IsError();
}

/// Writes what comes.
class Writer final : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Writer> {
  public:
    Writer(std::string_view key, FieldWriter& writer, bool show_secrets)
        : key_(key), writer_(writer), show_secrets_(show_secrets) {}
    ~Writer() {
        while (!open_.empty()) {
            close();
        }
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    bool hidden() const { return hidden_; }

    bool Null() {
        return put([&] { writer_.null(key_); });
    }
    bool Bool(bool value) {
        return put([&] { writer_.boolean(key_, value); });
    }
    bool Int(int value) { return Int64(value); }
    bool Uint(unsigned value) { return Int64(value); }
    bool Int64(std::int64_t value) {
        return put([&] { writer_.number(key_, value); });
    }
    bool Uint64(std::uint64_t value) {
        return put([&] { writer_.number(key_, value); });
    }
    bool Double(double value) {
        return put([&] { writer_.number(key_, value); });
    }
    bool String(const char* text, SizeType size, bool /*copy*/) {
        return put([&] { writer_.text(key_, ByteView(text, size)); });
    }
    bool Key(const char* text, SizeType size, bool /*copy*/) {
        key_.assign(text, size);
        return true;
    }
    bool StartObject() { return open(Kind::object); }
    bool EndObject(SizeType /*members*/) { return close(); }
    bool StartArray() { return open(Kind::array); }
    bool EndArray(SizeType /*elements*/) { return close(); }

  private:
    enum class Kind : std::uint8_t { object, array };
    bool is_secret() const {
        return !show_secrets_ && std::ranges::find(kSecrets, std::string_view(key_)) != kSecrets.end();
    }
    bool put(auto write) {
        if (is_secret()) {
            writer_.text(key_, "***");
            hidden_ = true;
        } else {
            write();
        }
        key_.clear();
        return true;
    }
    bool open(Kind kind) {
        if (is_secret()) {
            hidden_ = true;
            return false;  // none of them is an object
        }
        if (open_.size() >= kMostDepth) {
            return false;
        }
        kind == Kind::object ? writer_.begin_object(key_) : writer_.begin_array(key_);
        key_.clear();
        open_.push_back(kind);
        return true;
    }
    bool close() {
        open_.back() == Kind::object ? writer_.end_object() : writer_.end_array();
        open_.pop_back();
        return true;
    }

    std::string key_;
    FieldWriter& writer_;
    bool show_secrets_;
    bool hidden_ = false;
    std::vector<Kind> open_;
};

}  // namespace

bool write_members(ByteView json, std::string_view key, FieldWriter& writer, bool show_secrets) {
    Writer members(key, writer, show_secrets);
    parse(json, members);
    return members.hidden();
}

Members read_members(ByteView json) {
    Members out;
    walk_json(json, [&out](std::string_view path, const JsonValue& value) {
        for (const auto& [name, place] :
             std::to_array<std::pair<std::string_view, std::string*>>({{"server_name", &out.server_name},
                                                                       {"version", &out.version},
                                                                       {"name", &out.name},
                                                                       {"lang", &out.lang},
                                                                       {"user", &out.user}})) {
            if (path == name && value.is_text()) {
                *place = value.text;
            }
        }
        for (const auto& [name, place] :
             std::to_array<std::pair<std::string_view, bool*>>({{"verbose", &out.verbose},
                                                                {"tls_required", &out.tls_required},
                                                                {"tls_available", &out.tls_available}})) {
            if (path == name) {
                *place = value.is_true();
            }
        }
    });
    return out;
}

std::optional<JetStreamReply> read_jetstream_reply(ByteView payload) {
    JetStreamReply out;
    constexpr std::size_t kMost = 8192;
    const bool may_be =
        payload.size() <= kMost && payload.starts_with('{') &&
        (payload.find("\"seq\"") != ByteView::npos || payload.find("\"error\"") != ByteView::npos ||
         payload.find("\"ack_policy\"") != ByteView::npos);
    if (!may_be) {
        return std::nullopt;
    }
    walk_json(payload, [&out](std::string_view path, const JsonValue& value) {
        if (path == "stream" || path == "stream_name") {
            out.stream = value.text;
        } else if (path == "name") {
            out.consumer = value.text;
        } else if (path == "config.ack_policy") {
            out.ack_policy = value.text;
        } else if (path == "seq") {
            out.sequence = value.integer();
        } else if (path == "duplicate") {
            out.duplicate = value.is_true();
        } else if (path == "error.code") {
            out.error_code = value.integer();
        } else if (path == "error.err_code") {
            out.error_number = value.integer();
        } else if (path == "error.description") {
            out.error_description = value.text;
        }
    });
    const bool is_acknowledgement = !out.stream.empty() && out.sequence;
    const bool is_consumer = !out.stream.empty() && !out.ack_policy.empty();
    return is_acknowledgement || is_consumer || out.error_code ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace sslsniff::nats
