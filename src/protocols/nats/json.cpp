#include "protocols/nats/json.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

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

/// Calls `take` with the path of each text, number and boolean that is no element of an array: "error.code".
class Collector final : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Collector> {
  public:
    using Take = std::function<void(std::string_view path, ByteView text, std::int64_t number)>;
    explicit Collector(Take take) : take_(std::move(take)) {}

    bool Default() { return true; }
    bool Bool(bool value) { return put({}, value ? 1 : 0); }
    bool Int(int value) { return put({}, value); }
    bool Uint(unsigned value) { return put({}, value); }
    bool Int64(std::int64_t value) { return put({}, value); }
    bool Uint64(std::uint64_t value) { return put({}, static_cast<std::int64_t>(value)); }
    bool String(const char* text, SizeType size, bool /*copy*/) { return put(ByteView(text, size), 0); }
    bool Key(const char* text, SizeType size, bool /*copy*/) {
        path_.resize(ends_.empty() ? 0 : ends_.back());
        path_ += path_.empty() ? "" : ".";
        path_.append(text, std::min<SizeType>(size, 64));
        return true;
    }
    bool StartObject() { return open(); }
    bool EndObject(SizeType /*members*/) { return close(); }
    bool StartArray() {
        ++arrays_;
        return open();
    }
    bool EndArray(SizeType /*elements*/) {
        --arrays_;
        return close();
    }

  private:
    bool put(ByteView text, std::int64_t number) {
        if (arrays_ == 0) {
            take_(path_, text, number);
        }
        return true;
    }
    bool open() {
        ends_.push_back(path_.size());
        return ends_.size() <= kMostDepth;
    }
    bool close() {
        path_.resize(std::min(path_.size(), ends_.back()));
        ends_.pop_back();
        return true;
    }

    Take take_;
    std::string path_;
    std::vector<std::size_t> ends_;
    unsigned arrays_ = 0;
};

}  // namespace

bool write_members(ByteView json, std::string_view key, FieldWriter& writer, bool show_secrets) {
    Writer members(key, writer, show_secrets);
    parse(json, members);
    return members.hidden();
}

Members read_members(ByteView json) {
    Members out;
    Collector collector([&](std::string_view path, ByteView text, std::int64_t number) {
        for (const auto& [name, place] :
             std::to_array<std::pair<std::string_view, std::string*>>({{"server_name", &out.server_name},
                                                                       {"version", &out.version},
                                                                       {"name", &out.name},
                                                                       {"lang", &out.lang},
                                                                       {"user", &out.user}})) {
            if (path == name) {
                *place = text;
            }
        }
        for (const auto& [name, place] :
             std::to_array<std::pair<std::string_view, bool*>>({{"verbose", &out.verbose},
                                                                {"tls_required", &out.tls_required},
                                                                {"tls_available", &out.tls_available}})) {
            if (path == name) {
                *place = number != 0;
            }
        }
    });
    parse(json, collector);
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
    Collector collector([&](std::string_view path, ByteView text, std::int64_t number) {
        if (path == "stream" || path == "stream_name") {
            out.stream = text;
        } else if (path == "name") {
            out.consumer = text;
        } else if (path == "config.ack_policy") {
            out.ack_policy = text;
        } else if (path == "seq") {
            out.sequence = static_cast<std::uint64_t>(number);
        } else if (path == "duplicate") {
            out.duplicate = number != 0;
        } else if (path == "error.code") {
            out.error_code = number;
        } else if (path == "error.err_code") {
            out.error_number = number;
        } else if (path == "error.description") {
            out.error_description = text;
        }
    });
    parse(payload, collector);
    const bool is_acknowledgement = !out.stream.empty() && out.sequence;
    const bool is_consumer = !out.stream.empty() && !out.ack_policy.empty();
    return is_acknowledgement || is_consumer || out.error_code ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace sslsniff::nats
