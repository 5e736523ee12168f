// Each API as a conversation of HTTP/1.1: split anywhere, the same line and the same fields come of it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <regex>

#include "base/json_walk.h"
#include "support/conversation.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::received;
using test::sent;

std::string request(const std::string& method, const std::string& target, const std::string& body,
                    const std::string& headers = "") {
    return fmt::format("{} {} HTTP/1.1\r\nHost: h\r\n{}Content-Length: {}\r\n\r\n{}", method, target, headers,
                       body.size(), body);
}
std::string post(const std::string& target, const std::string& body, const std::string& headers = "") {
    return request("POST", target, body, "Content-Type: application/json\r\n" + headers);
}
std::string answer(const std::string& body, const std::string& status = "200 OK",
                   const std::string& headers = "Content-Type: application/json\r\n") {
    return fmt::format("HTTP/1.1 {}\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(), body);
}

/// What stands behind the URL, without sizes: they are HTTP's.
std::string line_of(const Conversation& conversation) {
    const auto whole = play(conversation);
    EXPECT_EQ(whole.lines.size(), 1U);
    for (std::size_t offset = 0; offset <= size_of(conversation); ++offset) {
        const auto cut = play(split_at(conversation, offset));
        EXPECT_EQ(cut.lines, whole.lines) << offset;
        EXPECT_EQ(cut.fields, whole.fields) << offset;
    }
    EXPECT_EQ(play(in_chunks(conversation, 1)).fields, whole.fields);
    const std::string line = whole.lines.empty() ? "" : whole.lines.front();
    return line.substr(0, line.rfind(" ("));
}
/// The object `api` among the fields.
std::string fields_of(const Conversation& conversation, const std::string& api) {
    const auto fields = play(conversation).fields;
    const std::size_t at = fields.empty() ? std::string::npos : fields.front().find(api + '{');
    return at == std::string::npos ? "" : fields.front().substr(at);
}

TEST(JsonRpc, NamesMethodAndError) {
    const Conversation call = {
        sent(post("/rpc", R"({"params":{"name":"x"},"jsonrpc":"2.0","id":7,"method":"eth_call"})")),
        received(answer(R"({"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"Method not found"}})"))};
    EXPECT_EQ(line_of(call),
              "http/1.1 POST https://h/rpc eth_call -> 200 OK, error -32601: Method not found");
    EXPECT_EQ(fields_of(call, "jsonrpc"),
              R"(jsonrpc{method="eth_call" id="7" error_code=-32601 error_message="Method not found"})");
}

TEST(JsonRpc, OfABatchTheFirstCallAndTheFirstError) {
    const Conversation call = {
        sent(post("/", R"([{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"b"}])")),
        received(answer(
            R"([{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":2,"error":{"message":"m","code":5}},)"
            R"({"jsonrpc":"2.0","id":3,"error":{"code":6,"message":"n"}}])"))};
    EXPECT_EQ(line_of(call), "http/1.1 POST https://h/ a (and 1 more) -> 200 OK, error 5: m");
}

TEST(JsonRpc, NotificationsAreNotAnswered) {
    const Conversation call = {
        sent(post("/mcp", R"({"jsonrpc":"2.0","method":"notifications/initialized"})")),
        received(answer("", "202 Accepted"))};
    EXPECT_EQ(line_of(call), "http/1.1 POST https://h/mcp notifications/initialized -> 202 Accepted");
    EXPECT_EQ(fields_of(call, "jsonrpc"), R"(jsonrpc{method="notifications/initialized" notification=true})");
}

TEST(JsonRpc, McpToolsAnswerInEvents) {
    const std::string events =
        "event: message\r\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\r\n\r\n"
        "data: {\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"content\":[],\"isError\":true}}\r\n\r\n";
    const Conversation call = {
        sent(post("/mcp", R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"search"}})",
                  "Mcp-Session-Id: s1\r\n")),
        received(answer(events, "200 OK", "Content-Type: text/event-stream\r\n"))};
    const auto recording = play(call);
    ASSERT_EQ(recording.lines.size(), 3U);  // both events, and the call
    EXPECT_TRUE(recording.lines.back().starts_with(
        "http/1.1 POST https://h/mcp tools/call search -> 200 OK, the tool failed ("))
        << recording.lines.back();
    EXPECT_NE(recording.fields.back().find(
                  R"(jsonrpc{method="tools/call" id="3" target="search" tool_failed=true mcp_session="s1"})"),
              std::string::npos)
        << recording.fields.back();
}

TEST(GraphQl, NamesTheOperationThatRuns) {
    const Conversation call = {
        sent(post("/graphql",
                  R"({"operationName":"B","query":"# c {\nfragment F on T { a(x: \"}\") }\nquery A { a } )"
                  R"(mutation B($i: Int = 1) @d { b }"})")),
        received(answer(R"({"data":{"b":1}})"))};
    EXPECT_EQ(line_of(call), "http/1.1 POST https://h/graphql mutation B -> 200 OK");
    EXPECT_EQ(fields_of(call, "graphql"), R"(graphql{kind="mutation" operation="B"})");
}

TEST(GraphQl, ErrorsOfAnAnswerThatIsOk) {
    const Conversation call = {
        sent(post("/x", R"({"query":"{ me { id } }"})")),
        received(answer(
            R"({"errors":[{"message":"no","extensions":{"code":"FORBIDDEN"}},{"message":"o"}],"data":null})"))};
    EXPECT_EQ(line_of(call), "http/1.1 POST https://h/x query -> 200 OK, 2 errors: no");
    EXPECT_EQ(fields_of(call, "graphql"),
              R"(graphql{kind="query" errors=2 error_code="FORBIDDEN" error_message="no" partial=false})");
}

TEST(GraphQl, InTheQueryString) {
    const Conversation call = {sent(request("GET", "/graphql?query=query%20Q%7Ba%7D&variables=%7B%7D", "")),
                               received(answer(R"({"data":{"a":1}})"))};
    EXPECT_EQ(line_of(call),
              "http/1.1 GET https://h/graphql?query=query%20Q%7Ba%7D&variables=%7B%7D query Q -> 200 OK");
}

TEST(GraphQl, OtherQueriesAreNone) {
    for (const char* body : {R"({"query":{"match_all":{}}})", R"({"query":"query the shop"})",
                             R"({"query":"{"})", R"({"x":"query A { a }"})"}) {
        const Conversation call = {sent(post("/find", body)), received(answer("{}"))};
        EXPECT_EQ(fields_of(call, "graphql").empty(), std::string(body) != R"({"query":"{"})") << body;
    }
}

TEST(ModelApi, ChatOfOpenAi) {
    const Conversation call = {
        sent(post("/v1/chat/completions", R"({"model":"m-1","messages":[{"role":"user","content":"hi"}]})")),
        received(answer(
            R"({"id":"c1","model":"m-1-2026","choices":[{"message":{"tool_calls":[{"function":{"name":"f"}},)"
            R"({"function":{"name":"g"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":9,)"
            R"("completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2}}})"))};
    EXPECT_EQ(
        line_of(call),
        "http/1.1 POST https://h/v1/chat/completions m-1 -> 200 OK, 9 + 4 tokens, calls f, g, tool_calls");
    EXPECT_EQ(
        fields_of(call, "gen_ai"),
        R"(gen_ai{api="openai" operation="chat" request_model="m-1" response_model="m-1-2026" response_id="c1" )"
        R"(streamed=false input_tokens=9 cached_input_tokens=2 output_tokens=4 finish_reason="tool_calls" )"
        R"(tool_calls=2 tools="f, g"})");
}

/// Pieces come at different times, however equal what they carry.
std::vector<std::string> without_times(std::vector<std::string> lines) {
    static const std::regex time("first after [0-9.]+[a-z]+");
    for (std::string& line : lines) {
        line = std::regex_replace(line, time, "first after T");
    }
    return lines;
}
std::string last_line(const Conversation& call) {
    const auto lines = without_times(play(call).lines);
    for (std::size_t offset = 0; offset <= size_of(call); ++offset) {
        EXPECT_EQ(without_times(play(split_at(call, offset)).lines), lines) << offset;
    }
    EXPECT_EQ(without_times(play(in_chunks(call, 1)).lines), lines);
    const std::string line = lines.empty() ? "" : lines.back();
    return line.substr(0, line.rfind(" ("));
}
std::string events(const std::vector<std::string>& data) {
    std::string all;
    for (const std::string& one : data) {
        all += "data: " + one + "\n\n";
    }
    return answer(all, "200 OK", "Content-Type: text/event-stream\r\n");
}

TEST(ModelApi, StreamedChatOfOpenAi) {
    const Conversation call = {
        sent(post("/v1/chat/completions", R"({"stream":true,"model":"m"})")),
        received(events(
            {R"({"id":"c","model":"m","choices":[{"delta":{"role":"assistant","content":""}}]})",
             R"({"id":"c","model":"m","choices":[{"delta":{"content":"he"}}]})",
             R"({"id":"c","model":"m","choices":[{"delta":{},"finish_reason":"stop"}]})",
             R"({"id":"c","model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}})",
             "[DONE]"}))};
    EXPECT_TRUE(last_line(call).starts_with(
        "http/1.1 POST https://h/v1/chat/completions m -> 200 OK, 3 + 2 tokens, first after T, stop"))
        << last_line(call);
}

TEST(ModelApi, StreamedResponsesOfOpenAi) {
    const Conversation call = {
        sent(post("/v1/responses", R"({"stream":true,"model":"m"})")),
        received(events(
            {R"({"type":"response.created","response":{"id":"r","model":"m","status":"in_progress","output":[]}})",
             R"({"type":"response.output_item.added","item":{"type":"function_call","name":"f","arguments":""}})",
             R"({"type":"response.function_call_arguments.delta","delta":"{}"})",
             R"({"type":"response.output_item.done","item":{"type":"function_call","name":"f","arguments":"{}"}})",
             R"({"type":"response.completed","response":{"id":"r","model":"m","status":"completed","output":)"
             R"([{"type":"function_call","name":"f"}],"usage":{"input_tokens":5,"output_tokens":6}}})"}))};
    const std::string line = last_line(call);
    EXPECT_TRUE(
        line.starts_with("http/1.1 POST https://h/v1/responses m -> 200 OK, 5 + 6 tokens, first after "))
        << line;
    EXPECT_TRUE(line.ends_with(", calls f, completed")) << line;
}

TEST(ModelApi, MessagesOfAnthropic) {
    const Conversation whole = {
        sent(post("/v1/messages", R"({"model":"c","max_tokens":9})")),
        received(answer(R"({"id":"m","type":"message","model":"c","content":[{"type":"text","text":"x"},)"
                        R"({"type":"tool_use","id":"t","name":"f","input":{}}],"stop_reason":"tool_use",)"
                        R"("usage":{"input_tokens":7,"output_tokens":8,"cache_read_input_tokens":1}})"))};
    EXPECT_EQ(line_of(whole),
              "http/1.1 POST https://h/v1/messages c -> 200 OK, 7 + 8 tokens, calls f, tool_use");

    const Conversation streamed = {
        sent(post("/v1/messages", R"({"model":"c","stream":true})")),
        received(events(
            {R"({"type":"message_start","message":{"id":"m","type":"message","model":"c","content":[],"usage":)"
             R"({"input_tokens":7,"output_tokens":1}}})",
             R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}})",
             R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}})",
             R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":8}})",
             R"({"type":"message_stop"})"}))};
    const std::string line = last_line(streamed);
    EXPECT_TRUE(
        line.starts_with("http/1.1 POST https://h/v1/messages c -> 200 OK, 7 + 8 tokens, first after "))
        << line;
    EXPECT_TRUE(line.ends_with(", calls f, tool_use")) << line;
}

TEST(ModelApi, SaysWhatFailed) {
    const Conversation call = {
        sent(post("/v1/messages", R"({"model":"c"})")),
        received(answer(R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})",
                        "529 Overloaded"))};
    EXPECT_EQ(line_of(call),
              "http/1.1 POST https://h/v1/messages c -> 529 Overloaded, overloaded_error: busy");
}

TEST(SearchEngine, SearchAndBulk) {
    const Conversation search = {
        sent(post("/shop/_search", R"({"query":{"match_all":{}}})")),
        received(answer(
            R"({"took":3,"timed_out":false,"hits":{"total":{"value":42,"relation":"eq"},"hits":[]}})"))};
    EXPECT_EQ(line_of(search), "http/1.1 POST https://h/shop/_search -> 200 OK, 42 hits");
    EXPECT_EQ(fields_of(search, "elasticsearch"),
              R"(elasticsearch{operation="search" index="shop" took_ms=3 hits=42})");

    const Conversation bulk = {
        sent(request("POST", "/_bulk", "{\"index\":{}}\n{}\n", "Content-Type: application/x-ndjson\r\n")),
        received(answer(
            R"({"took":9,"errors":true,"items":[{"index":{"status":201}},)"
            R"({"index":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"bad"}}}]})"))};
    EXPECT_EQ(line_of(bulk),
              "http/1.1 POST https://h/_bulk -> 200 OK, 2 items, 1 failed, mapper_parsing_exception: bad");
}

TEST(ClickHouse, StatementsAndRows) {
    const Conversation call = {
        sent(request("POST", "/?database=d", "SELECT 1\n FROM t", "X-ClickHouse-User: u\r\n")),
        received(answer("1\n", "200 OK",
                        "X-ClickHouse-Query-Id: q\r\nX-ClickHouse-Summary: "
                        "{\"read_rows\":\"5\",\"result_rows\":\"1\"}\r\n"))};
    EXPECT_EQ(line_of(call), "http/1.1 POST https://h/?database=d SELECT 1 FROM t -> 200 OK, 1 row");
    EXPECT_EQ(fields_of(call, "clickhouse"),
              R"(clickhouse{operation="SELECT" query="SELECT 1\x0a FROM t" database="d" )"
              R"(query_id="q" read_rows=5 result_rows=1})");

    const Conversation failed = {
        sent(request("POST", "/?query=SELECT+x+FROM+u&default_format=JSON", "")),
        received(answer("Code: 60. DB::Exception: Table u does not exist. (UNKNOWN_TABLE)", "404 Not Found",
                        "X-ClickHouse-Exception-Code: 60\r\n"))};
    EXPECT_TRUE(line_of(failed).ends_with(
        "SELECT x FROM u -> 404 Not Found, error 60: Table u does not exist. (UNKNOWN_TABLE)"))
        << line_of(failed);
}

TEST(S3, OperationsByPathAndQuery) {
    const std::string signature =
        "Authorization: AWS4-HMAC-SHA256 Credential=K/20260101/r/s3/aws4_request\r\n";
    const auto line = [&](const std::string& method, const std::string& target, const std::string& answered) {
        return line_of({sent(request(method, target, "", signature)), received(answered)});
    };
    EXPECT_EQ(line("PUT", "/b/k/x?partNumber=2&uploadId=u", answer("", "200 OK", "")),
              "http/1.1 PUT https://h/b/k/x?partNumber=2&uploadId=u UploadPart -> 200 OK");
    EXPECT_EQ(line("GET", "/b?list-type=2", answer("<ListBucketResult/>")),
              "http/1.1 GET https://h/b?list-type=2 ListObjectsV2 -> 200 OK");
    EXPECT_EQ(line("GET", "/b/k",
                   answer("<Error><Code>NoSuchKey</Code><Message>none</Message></Error>", "404 Not Found")),
              "http/1.1 GET https://h/b/k GetObject -> 404 Not Found, NoSuchKey: none");
    const Conversation unsigned_one = {sent(request("GET", "/b/k", "")), received(answer("x"))};
    EXPECT_EQ(fields_of(unsigned_one, "s3"), "");
}

TEST(HttpApi, BodiesWithGapsAreNotRead) {
    const Conversation call = {sent(post("/rpc", R"({"jsonrpc":"2.0","id":1,"method":"abcdefgh"})")),
                               received(answer(R"({"jsonrpc":"2.0","id":1,"result":1})"))};
    for (std::size_t offset = 0; offset + 4 < size_of(call); ++offset) {
        for (const std::string& fields : play(with_gap(call, offset, 4)).fields) {
            const std::size_t at = fields.find("method=\"abc");
            EXPECT_TRUE(at == std::string::npos ||
                        fields.find("jsonrpc{method=\"abcdefgh\"") != std::string::npos)
                << offset;
        }
    }
}

std::string walked(std::string_view json) {
    std::string all;
    const bool whole = walk_json(json, [&all](std::string_view path, const JsonValue& value) {
        all += fmt::format("{}={} ", path,
                           value.kind == JsonValue::Kind::object  ? "{"
                           : value.kind == JsonValue::Kind::array ? "["
                                                                  : value.text);
    });
    return all + (whole ? "." : "!");
}

TEST(JsonWalk, PathsOfValues) {
    EXPECT_EQ(walked(R"({"a":{"b":[1,{"c":"x\u00e9"},[null]],"d":true},"e":-2.5e3})"),
              "={ a={ a.b=[ a.b[]=1 a.b[]={ a.b[].c=x\xc3\xa9 a.b[]=[ a.b[][]= a.d=true e=-2.5e3 .");
    EXPECT_EQ(walked(R"({"a":1,"b":)"), "={ a=1 !");
    EXPECT_EQ(walked(""), "!");
    EXPECT_EQ(walked("[1,2]"), "=[ []=1 []=2 .");
}

TEST(JsonWalk, WhatIsTooDeepOrTooLongIsPassedOver) {
    std::string deep = R"({"x":)";
    for (int i = 0; i < 100'000; ++i) {
        deep += "[";
    }
    EXPECT_TRUE(walked(deep).ends_with("!"));
    EXPECT_EQ(walked(R"({")" + std::string(600, 'k') + R"(":{"a":1},"b":2})"), "={ b=2 .");
    EXPECT_EQ(walked(R"({"a":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]],"b":2})").substr(0, 10), "={ a=[ a[]");
    EXPECT_TRUE(walked(R"({"a":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]],"b":2})").ends_with(" b=2 ."));
}

TEST(JsonWalk, Integers) {
    EXPECT_EQ((JsonValue{JsonValue::Kind::number, "12"}).integer(), 12);
    EXPECT_EQ((JsonValue{JsonValue::Kind::number, "1.5"}).integer(), std::nullopt);
    EXPECT_EQ((JsonValue{JsonValue::Kind::string, "12"}).integer(), std::nullopt);
    EXPECT_EQ((JsonValue{JsonValue::Kind::number, "99999999999999999999"}).integer(), std::nullopt);
}

}  // namespace
}  // namespace sslsniff
