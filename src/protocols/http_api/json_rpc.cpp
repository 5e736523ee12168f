// JSON-RPC 2.0 (jsonrpc.org/specification), and with it the Model Context Protocol (its Streamable HTTP
// transport, revision 2025-06-18: one message in a POST, answers as JSON or as server-sent events).

#include "protocols/http_api/json_rpc.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "base/json_walk.h"
#include "base/memory.h"
#include "body/charset.h"
#include "protocols/http/http_exchange.h"
#include "protocols/http_api/api_fields.h"

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"jsonrpc.method", text},
    {"jsonrpc.id", text},
    {"jsonrpc.target", text},
    {"jsonrpc.batch", number},
    {"jsonrpc.notification", boolean},
    {"jsonrpc.error_code", number},
    {"jsonrpc.error_message", text},
    {"jsonrpc.tool_failed", boolean},
    {"jsonrpc.mcp_session", text},
});

class JsonRpc final : public HttpApi {
  public:
    explicit JsonRpc(const HttpRequest& request)
        : mcp_session_(kept_text(request.headers.find("Mcp-Session-Id").value_or(ByteView()))) {}

    bool on_request(ByteView body, Timestamp /*time*/) override {
        if (!may_have_member(body, "\"jsonrpc\"")) {
            return false;
        }
        bool is_version_2 = false;
        walk_json(body, [&](std::string_view path, const JsonValue& value) {
            if (path == "[]" && value.kind == JsonValue::Kind::object) {
                ++batch_;
            }
            if (path.starts_with("[].")) {  // of a batch the first call tells what it is
                path.remove_prefix(batch_ == 1 ? 3 : path.size());
            }
            if (path == "jsonrpc") {
                is_version_2 = is_version_2 || value.text == "2.0";
            } else if (path == "method" && value.is_text()) {
                method_ = kept_text(value.text);
            } else if (path == "id" && value.kind != JsonValue::Kind::null) {
                id_ = kept_text(value.text);
            } else if ((path == "params.name" || path == "params.uri") && value.is_text()) {
                target_ = kept_text(value.text);  // an MCP tool, prompt or resource
            }
        });
        return is_version_2 && !method_.empty();
    }

    void on_response(ByteView body) override { read_answer(body); }
    void on_event(ByteView data, Timestamp /*time*/) override { read_answer(data); }

    void describe(const HttpExchange& /*exchange*/, Summary& summary) const override {
        summary.request += ' ' + name();
        if (batch_ > 1) {
            summary.request += fmt::format(" (and {} more)", batch_ - 1);
        }
        if (error_code_) {
            summary.response += fmt::format(", error {}", *error_code_);
            summary.response += error_message_.empty() ? "" : ": " + error_message_;
            summary.tone = Summary::Tone::server_error;
        } else if (tool_failed_) {
            summary.response += ", the tool failed";
            summary.tone = Summary::Tone::server_error;
        }
    }

    void add_facts(const HttpExchange& /*exchange*/, Facts& facts) const override {
        facts.operation = name();
        if (error_code_) {
            facts.error_type = fmt::format("{}", *error_code_);
            facts.outcome = blames_request(*error_code_) ? Outcome::client_error : Outcome::server_error;
        } else if (tool_failed_) {
            facts.error_type = "tool_error";
            facts.outcome = Outcome::server_error;
        }
    }

    void write_fields(const HttpExchange& /*exchange*/, FieldWriter& writer) const override {
        writer.begin_object("jsonrpc");
        writer.text("method", method_);
        if (id_) {
            writer.text("id", *id_);
        } else {
            writer.boolean("notification", true);
        }
        if (is_mcp() && !target_.empty()) {
            writer.text("target", target_);
        }
        if (batch_ != 0) {
            writer.number("batch", batch_);
        }
        if (error_code_) {
            writer.number("error_code", *error_code_);
            writer.text("error_message", error_message_);
        }
        write_if(writer, "tool_failed", tool_failed_);
        write_known(writer, "mcp_session", mcp_session_);
        writer.end_object();
    }

    std::size_t held() const override {
        return sizeof(*this) + heap_bytes(method_) + heap_bytes(target_) + heap_bytes(mcp_session_) +
               heap_bytes(error_message_) + (id_ ? heap_bytes(*id_) : 0);
    }

  private:
    bool is_mcp() const {
        return method_ == "tools/call" || method_ == "prompts/get" || method_ == "resources/read";
    }
    std::string name() const { return is_mcp() && !target_.empty() ? method_ + ' ' + target_ : method_; }

    /// Section 5.1: the request's own faults, as opposed to those of whoever serves it.
    static bool blames_request(std::int64_t code) {
        constexpr std::int64_t kParseError = -32700;
        constexpr std::int64_t kInvalidRequest = -32600;
        constexpr std::int64_t kInvalidParams = -32602;
        return code == kParseError || (code <= kInvalidRequest && code >= kInvalidParams);
    }

    void read_answer(ByteView body) {
        std::optional<std::string> id;
        std::optional<std::int64_t> code;
        std::string message;
        bool tool_failed = false;
        bool is_request = false;
        bool is_done = false;
        walk_json(body, [&](std::string_view path, const JsonValue& value) {
            is_done = is_done || (path == "[]" && code);  // of a batch the first error is shown
            if (is_done) {
                return;
            }
            path.remove_prefix(path.starts_with("[].") ? 3 : 0);
            if (path == "id") {
                id = kept_text(value.text);
            } else if (path == "method") {
                is_request = true;
            } else if (path == "error.code") {
                code = value.integer();
            } else if (path == "error.message" && value.is_text()) {
                message = kept_text(value.text);
            } else if (path == "result.isError") {
                tool_failed = value.is_true();
            }
        });
        // An MCP server may ask and notify in the same stream.
        if (is_request || (batch_ == 0 && id && id_ && !id->empty() && *id != *id_)) {
            return;
        }
        error_code_ = code ? code : error_code_;
        error_message_ = code ? message : error_message_;
        tool_failed_ = tool_failed_ || tool_failed;
    }

    std::string method_;
    std::optional<std::string> id_;  ///< as text, whatever it is; none of a notification
    std::string target_;
    std::uint64_t batch_ = 0;  ///< calls; 0: it is no batch
    std::string mcp_session_;
    std::optional<std::int64_t> error_code_;
    std::string error_message_;
    bool tool_failed_ = false;
};

}  // namespace

std::unique_ptr<HttpApi> create_json_rpc(const HttpRequest& request) {
    const std::string type = media_type(request.headers.find("Content-Type").value_or(ByteView()));
    const bool is_json = type.ends_with("json") || type == "application/json-rpc" || type == "text/plain";
    return request.method == "POST" && is_json ? std::make_unique<JsonRpc>(request) : nullptr;
}

std::span<const FieldSpec> json_rpc_fields() {
    return kFields;
}

}  // namespace sslsniff
