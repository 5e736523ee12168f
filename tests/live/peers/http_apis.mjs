// The vendors' own clients against a small server of theirs in the same process, over TLS. Arguments: the folder with
// node_modules, certificate, key. NODE_EXTRA_CA_CERTS names the certificate, too.
import {createRequire} from "node:module";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import {pathToFileURL} from "node:url";

const [folder, certificate, key] = process.argv.slice(2);
const require = createRequire(path.join(folder, "index.js"));
const load = name => import(pathToFileURL(require.resolve(name)));

const json = (response, value, status = 200, headers = {}) => {
    response.writeHead(status, {"content-type": "application/json", ...headers});
    response.end(JSON.stringify(value));
};
const events = (response, list) => {
    response.writeHead(200, {"content-type": "text/event-stream"});
    for (const event of list) response.write(`${event.type ? `event: ${event.type}\n` : ""}data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`);
    response.end();
};

function chat(request, response, body) {
    const {model, stream} = JSON.parse(body);
    const usage = {prompt_tokens: 9, completion_tokens: 4, total_tokens: 13};
    if (!stream) {
        const tool_calls = [{id: "t", type: "function", function: {name: "weather", arguments: "{}"}}];
        return json(response, {id: "chat-1", object: "chat.completion", model, usage,
            choices: [{index: 0, message: {role: "assistant", content: null, tool_calls}, finish_reason: "tool_calls"}]});
    }
    const chunk = (delta, finish_reason = null) => ({id: "chat-2", object: "chat.completion.chunk", model, choices: [{index: 0, delta, finish_reason}]});
    events(response, [chunk({role: "assistant", content: ""}), chunk({content: "Hel"}), chunk({content: "lo"}), chunk({}, "stop"),
        {...chunk({}), choices: [], usage}, "[DONE]"]);
}

function messages(request, response, body) {
    const {model, stream} = JSON.parse(body);
    const start = {id: "msg-1", type: "message", role: "assistant", model, content: [], stop_reason: null, usage: {input_tokens: 7, output_tokens: 1}};
    if (!stream) return json(response, {...start, content: [{type: "text", text: "hi"}], stop_reason: "end_turn", usage: {input_tokens: 7, output_tokens: 5}});
    events(response, [{type: "message_start", message: start},
        {type: "content_block_start", index: 0, content_block: {type: "text", text: ""}},
        {type: "content_block_delta", index: 0, delta: {type: "text_delta", text: "hi"}},
        {type: "content_block_stop", index: 0},
        {type: "message_delta", delta: {stop_reason: "max_tokens"}, usage: {output_tokens: 6}},
        {type: "message_stop"}]);
}

function mcp(request, response, body) {
    if (request.method !== "POST") return response.writeHead(405).end();
    const {id, method, params} = JSON.parse(body);
    if (id === undefined) return response.writeHead(202).end();
    const headers = {"mcp-session-id": "session-1"};
    if (method === "initialize") return json(response, {jsonrpc: "2.0", id, result: {protocolVersion: params.protocolVersion,
        capabilities: {tools: {}}, serverInfo: {name: "s", version: "1"}}}, 200, headers);
    if (method === "tools/call") return events(response, [{jsonrpc: "2.0", id, result: {content: [{type: "text", text: "no"}], isError: true}}]);
    json(response, {jsonrpc: "2.0", id, error: {code: -32601, message: "Method not found"}}, 200, headers);
}

const elastic = {"x-elastic-product": "Elasticsearch"};
const routes = {
    "/v1/chat/completions": chat,
    "/v1/embeddings": (request, response) => json(response, {error: {message: "slow down", type: "requests", code: "rate_limit_exceeded"}}, 429),
    "/v1/messages": messages,
    "/mcp": mcp,
    "/graphql": (request, response) => json(response, {data: null, errors: [{message: "not yours", extensions: {code: "FORBIDDEN"}}]}),
    "/shop/_search": (request, response) => json(response, {took: 2, timed_out: false, _shards: {}, hits: {total: {value: 3, relation: "eq"}, hits: []}}, 200, elastic),
    "/_bulk": (request, response) => json(response, {took: 1, errors: false, items: [{index: {status: 201}}, {index: {status: 201}}]}, 200, elastic),
    "/bucket/key.txt": (request, response) => {
        if (request.method === "PUT") return response.writeHead(200, {etag: '"e"', "x-amz-request-id": "r1"}).end();
        response.writeHead(404, {"content-type": "application/xml"});
        response.end("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>gone</Message></Error>");
    },
};
const clickhouse = (request, response, body) => {
    response.writeHead(200, {"content-type": "application/json", "x-clickhouse-query-id": "q-1",
        "x-clickhouse-summary": JSON.stringify({read_rows: "10", read_bytes: "80", written_rows: "0", result_rows: "2"})});
    response.end('{"meta":[],"data":[],"rows":2}');
};

const server = https.createServer({cert: fs.readFileSync(certificate), key: fs.readFileSync(key)}, (request, response) => {
    const parts = [];
    request.on("data", part => parts.push(part)).on("end", () => {
        const {pathname} = new URL(request.url, "https://localhost");
        (routes[pathname] ?? clickhouse)(request, response, Buffer.concat(parts).toString());
    });
});
await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
const url = `https://localhost:${server.address().port}`;

const {default: OpenAI} = await load("openai");
const openai = new OpenAI({apiKey: "sk-test", baseURL: `${url}/v1`, maxRetries: 0});
const ask = {model: "model-a", messages: [{role: "user", content: "hello"}]};
await openai.chat.completions.create(ask);
for await (const part of await openai.chat.completions.create({...ask, stream: true, stream_options: {include_usage: true}})) void part;
await openai.embeddings.create({model: "model-b", input: "x"}).catch(() => {});

const {default: Anthropic} = await load("@anthropic-ai/sdk");
const anthropic = new Anthropic({apiKey: "key", baseURL: url, maxRetries: 0});
const message = {model: "model-c", max_tokens: 16, messages: [{role: "user", content: "hello"}]};
await anthropic.messages.create(message);
for await (const part of await anthropic.messages.create({...message, stream: true})) void part;

const {Client} = await load("@modelcontextprotocol/sdk/client/index.js");
const {StreamableHTTPClientTransport} = await load("@modelcontextprotocol/sdk/client/streamableHttp.js");
const client = new Client({name: "c", version: "1"});
await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
await client.callTool({name: "search", arguments: {}});

const {GraphQLClient} = await load("graphql-request");
await new GraphQLClient(`${url}/graphql`).request("mutation Buy($id: ID!) { buy(id: $id) { id } }", {id: 1}).catch(() => {});

const {Client: Elastic} = await load("@elastic/elasticsearch");
const search = new Elastic({node: url});
await search.search({index: "shop", query: {match_all: {}}});
await search.bulk({operations: [{index: {_index: "shop"}}, {a: 1}, {index: {_index: "shop"}}, {a: 2}]});

const {createClient} = await load("@clickhouse/client");
const house = createClient({url, database: "stock"});
await (await house.query({query: "SELECT name FROM parts", format: "JSON"})).json();
await house.close();

const {S3Client, PutObjectCommand, GetObjectCommand} = await load("@aws-sdk/client-s3");
const s3 = new S3Client({endpoint: url, region: "eu-1", forcePathStyle: true, maxAttempts: 1, credentials: {accessKeyId: "A", secretAccessKey: "S"}});
await s3.send(new PutObjectCommand({Bucket: "bucket", Key: "key.txt", Body: "content"}));
await s3.send(new GetObjectCommand({Bucket: "bucket", Key: "key.txt"})).catch(() => {});
process.exit(0);
