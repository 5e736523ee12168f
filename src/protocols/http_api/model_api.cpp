// APIs of language models, in the forms of OpenAI (chat completions, completions, responses, embeddings) and
// of Anthropic (messages), which most other servers offer, too. Field names follow OpenTelemetry's semantic
// conventions for generative AI.

#include "protocols/http_api/model_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/json_walk.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/url.h"
#include "protocols/http/http_exchange.h"
#include "protocols/http_api/api_fields.h"
#include "protocols/http_api/query_string.h"

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"gen_ai.api", text},
    {"gen_ai.operation", text},
    {"gen_ai.request_model", text, "model"},
    {"gen_ai.response_model", text},
    {"gen_ai.response_id", text},
    {"gen_ai.streamed", boolean},
    {"gen_ai.input_tokens", number},
    {"gen_ai.cached_input_tokens", number},
    {"gen_ai.output_tokens", number},
    {"gen_ai.reasoning_tokens", number},
    {"gen_ai.time_to_first_token_us", number},
    {"gen_ai.finish_reason", text},
    {"gen_ai.tool_calls", number},
    {"gen_ai.tools", text},
    {"gen_ai.error_type", text},
    {"gen_ai.error_message", text},
});

struct ModelEndpoint {
    std::string_view path;  ///< how the path of a request ends
    std::string_view api;
    std::string_view operation;
};
constexpr auto kEndpoints = std::to_array<ModelEndpoint>({
    {"/chat/completions", "openai", "chat"},
    {"/completions", "openai", "text_completion"},
    {"/responses", "openai", "chat"},
    {"/embeddings", "openai", "embeddings"},
    {"/v1/messages", "anthropic", "chat"},
});

using Numbers = std::optional<std::int64_t>;

/// Where each form keeps what is wanted. In streams of OpenAI's responses and of Anthropic's messages the
/// same objects come inside of "response" and "message".
struct NumberPath {
    std::string_view path;
    enum class What : std::uint8_t { input, cached, output, reasoning } what;
};
constexpr auto kNumbers = std::to_array<NumberPath>({
    {"usage.prompt_tokens", NumberPath::What::input},
    {"usage.input_tokens", NumberPath::What::input},
    {"usage.completion_tokens", NumberPath::What::output},
    {"usage.output_tokens", NumberPath::What::output},
    {"usage.prompt_tokens_details.cached_tokens", NumberPath::What::cached},
    {"usage.input_tokens_details.cached_tokens", NumberPath::What::cached},
    {"usage.cache_read_input_tokens", NumberPath::What::cached},
    {"usage.completion_tokens_details.reasoning_tokens", NumberPath::What::reasoning},
    {"usage.output_tokens_details.reasoning_tokens", NumberPath::What::reasoning},
});

/// Text that the model wrote, or the arguments of a call, in an event of a stream.
constexpr auto kTokens = std::to_array<std::string_view>({
    "choices[].delta.content",
    "choices[].delta.reasoning_content",
    "choices[].delta.refusal",
    "choices[].delta.tool_calls[].function.name",
    "choices[].delta.tool_calls[].function.arguments",
    "choices[].text",
    "delta",
    "delta.text",
    "delta.thinking",
    "delta.partial_json",
});

constexpr auto kFinishes = std::to_array<std::string_view>(
    {"choices[].finish_reason", "stop_reason", "delta.stop_reason", "incomplete_details.reason"});

constexpr auto kToolNames = std::to_array<std::string_view>(
    {"choices[].message.tool_calls[].function.name", "choices[].delta.tool_calls[].function.name"});

template <class Paths>
bool is_one_of(const Paths& paths, std::string_view path) {
    return std::ranges::find(paths, path) != paths.end();
}

/// One item of an answer, whose members come in any order.
struct Item {
    std::string type;
    std::string name;
};

/// A response, or one event of its stream, while it is being read.
struct Answer {
    std::string event;          ///< its type, if it says so
    std::vector<Item> listed;   ///< in "output" or "content"
    std::optional<Item> alone;  ///< what an event tells of
    bool has_token = false;     ///< something came that the model wrote
};

class ModelApi final : public HttpApi {
  public:
    explicit ModelApi(const ModelEndpoint& endpoint) : endpoint_(endpoint) {}

    bool on_request(ByteView body, Timestamp time) override {
        asked_ = time;
        walk_json(body, [this](std::string_view path, const JsonValue& value) {
            if (path == "model" && value.is_text()) {
                request_model_ = kept_text(value.text);
            } else if (path == "stream") {
                streamed_ = value.is_true();
            }
        });
        return !request_model_.empty();
    }

    void on_response(ByteView body) override { read(body); }

    void on_event(ByteView data, Timestamp time) override {
        streamed_ = true;
        if (read(data) && !first_token_) {
            first_token_ = time;
        }
    }

    void describe(const HttpExchange& /*exchange*/, Summary& summary) const override {
        summary.request += ' ' + request_model_;
        if (input_ || output_) {
            summary.response += fmt::format(", {} + {} tokens", input_.value_or(0), output_.value_or(0));
        }
        if (first_token_) {
            summary.response += ", first after " + human_duration((*first_token_ - asked_).count());
        }
        if (!tools_.empty()) {
            summary.response += ", calls " + joined_tools();
        }
        if (!error_type_.empty() || !error_message_.empty()) {
            summary.response += fmt::format(", {}", error_type_.empty() ? "error" : error_type_);
            summary.response += error_message_.empty() ? "" : ": " + error_message_;
            summary.tone =
                summary.tone == Summary::Tone::client_error ? summary.tone : Summary::Tone::server_error;
        } else if (!finish_.empty()) {
            summary.response += ", " + finish_;
        }
    }

    void add_facts(const HttpExchange& /*exchange*/, Facts& facts) const override {
        facts.operation = fmt::format("{} {}", endpoint_.operation, request_model_);
        if (!error_type_.empty()) {
            facts.error_type = error_type_;
            facts.outcome = facts.outcome == Outcome::ok ? Outcome::server_error : facts.outcome;
        }
    }

    void write_fields(const HttpExchange& /*exchange*/, FieldWriter& writer) const override {
        writer.begin_object("gen_ai");
        writer.text("api", endpoint_.api);
        writer.text("operation", endpoint_.operation);
        writer.text("request_model", request_model_);
        write_known(writer, "response_model", response_model_);
        write_known(writer, "response_id", response_id_);
        writer.boolean("streamed", streamed_);
        write_known(writer, "input_tokens", input_);
        write_known(writer, "cached_input_tokens", cached_);
        write_known(writer, "output_tokens", output_);
        write_known(writer, "reasoning_tokens", reasoning_);
        if (first_token_) {
            using std::chrono::microseconds;
            writer.number("time_to_first_token_us",
                          std::chrono::duration_cast<microseconds>(*first_token_ - asked_).count());
        }
        write_known(writer, "finish_reason", finish_);
        if (tool_calls_ != 0) {
            writer.number("tool_calls", tool_calls_);
            writer.text("tools", joined_tools());
        }
        write_known(writer, "error_type", error_type_);
        write_known(writer, "error_message", error_message_);
        writer.end_object();
    }

    std::size_t held() const override {
        std::size_t held = sizeof(*this) + heap_bytes(tools_);
        for (const std::string* text :
             {&request_model_, &response_model_, &response_id_, &finish_, &error_type_, &error_message_}) {
            held += heap_bytes(*text);
        }
        for (const std::string& tool : tools_) {
            held += heap_bytes(tool);
        }
        return held;
    }

  private:
    static constexpr std::size_t kMostTools = 16;    ///< names that are kept
    static constexpr std::size_t kMostItems = 1024;  ///< of one answer that are looked at

    /// A response or one event of it. True when something came that the model wrote.
    bool read(ByteView json) {
        Answer answer;
        walk_json(json, [&](std::string_view path, const JsonValue& value) {
            if (path == "type" && value.is_text()) {
                answer.event = kept_text(value.text);
            }
            for (const std::string_view around : {"response.", "message."}) {
                path.remove_prefix(path.starts_with(around) ? around.size() : 0);
            }
            const bool is_item = path == "output[]" || path == "content[]";
            if (value.kind == JsonValue::Kind::number) {
                read_number(path, value);
            } else if (is_item && value.kind == JsonValue::Kind::object &&
                       answer.listed.size() < kMostItems) {
                answer.listed.emplace_back();
            } else if (value.is_text()) {
                read_text(path, value.text, answer);
            }
        });
        // The last event of a stream repeats what the others told, and so does the end of an item.
        if (!streamed_) {
            std::ranges::for_each(answer.listed, [this](const Item& item) { add_call(item); });
        } else if (answer.alone && !answer.event.ends_with(".done")) {
            add_call(*answer.alone);
        }
        return answer.has_token;
    }

    void read_text(std::string_view path, std::string_view text, Answer& answer) {
        if (read_item(path, text, answer)) {
            return;
        }
        answer.has_token = answer.has_token || (is_one_of(kTokens, path) && !text.empty());
        if (path == "model") {
            response_model_ = kept_text(text);
        } else if (path == "id") {
            response_id_ = kept_text(text);
        } else if (is_one_of(kFinishes, path)) {
            finish_ = kept_text(text);
        } else if (path == "status" && finish_.empty() && text == "completed") {
            finish_ = text;
        } else if (is_one_of(kToolNames, path)) {
            add_tool(text);
        } else if (path == "error.message") {
            error_message_ = kept_text(text);
        } else if (path == "error.code" || (path == "error.type" && error_type_.empty())) {
            error_type_ = kept_text(text);
        }
    }

    static bool read_item(std::string_view path, std::string_view text, Answer& answer) {
        for (const std::string_view list : {"output[].", "content[].", "item.", "content_block."}) {
            if (!path.starts_with(list)) {
                continue;
            }
            path.remove_prefix(list.size());
            const bool is_listed = list.contains('[');
            if (!is_listed && !answer.alone) {
                answer.alone.emplace();
            }
            if (is_listed && answer.listed.empty()) {
                return true;
            }
            Item& item = is_listed ? answer.listed.back() : *answer.alone;
            if (path == "type") {
                item.type = kept_text(text);
            } else if (path == "name") {
                item.name = kept_text(text);
            }
            return true;
        }
        return false;
    }

    void read_number(std::string_view path, const JsonValue& value) {
        const auto* found = std::ranges::find(kNumbers, path, &NumberPath::path);
        const std::optional<std::int64_t> number = value.integer();
        if (found == kNumbers.end() || !number || *number < 0) {
            return;
        }
        switch (found->what) {
            case NumberPath::What::input:
                input_ = number;
                break;
            case NumberPath::What::cached:
                cached_ = number;
                break;
            case NumberPath::What::output:
                output_ = number;
                break;
            case NumberPath::What::reasoning:
                reasoning_ = number;
                break;
        }
    }

    void add_call(const Item& item) {
        if (item.type == "function_call" || item.type == "tool_use") {
            add_tool(item.name);
        }
    }
    void add_tool(std::string_view name) {
        if (name.empty()) {
            return;
        }
        ++tool_calls_;
        if (tools_.size() < kMostTools) {
            tools_.push_back(kept_text(name));
        }
    }
    std::string joined_tools() const { return fmt::format("{}", fmt::join(tools_, ", ")); }

    const ModelEndpoint& endpoint_;
    Timestamp asked_;  ///< when the request was over
    std::string request_model_;
    std::string response_model_;
    std::string response_id_;
    bool streamed_ = false;
    Numbers input_;
    Numbers cached_;
    Numbers output_;
    Numbers reasoning_;
    std::optional<Timestamp> first_token_;
    std::string finish_;
    std::vector<std::string> tools_;
    std::uint64_t tool_calls_ = 0;
    std::string error_type_;
    std::string error_message_;
};

}  // namespace

std::unique_ptr<HttpApi> create_model_api(const HttpRequest& request) {
    const std::string_view path = path_of(request.target);
    const auto* found = std::ranges::find_if(
        kEndpoints, [path](const ModelEndpoint& endpoint) { return path.ends_with(endpoint.path); });
    return request.method == "POST" && found != kEndpoints.end() ? std::make_unique<ModelApi>(*found)
                                                                 : nullptr;
}

std::span<const FieldSpec> model_api_fields() {
    return kFields;
}

}  // namespace sslsniff
