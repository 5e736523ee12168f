// A collector for tests: node otlp_collector.js FILE [CERTIFICATE KEY]. Prints its port. Requests are decoded by OpenTelemetry's own
// generated messages, and those that it takes are lines of FILE: {"path", "headers", "body"}. What it does is a line of its standard
// input, answered by the line itself: ok, partial, unavailable (503 and Retry-After), refuse (400), reset, stall, garbage, endless.
// What it says of each request, taken or not, is a line of its standard error.
const fs = require("fs");
const http = require("http");
const https = require("https");
const readline = require("readline");
const zlib = require("zlib");
const root = require("@opentelemetry/otlp-proto-exporter-base/build/src/generated/root.js").opentelemetry.proto.collector;

const [file, certificate, key] = process.argv.slice(2);
let mode = "ok";

const messages = {
  "/v1/traces": [root.trace.v1.ExportTraceServiceRequest, root.trace.v1.ExportTraceServiceResponse, "rejectedSpans"],
  "/v1/metrics": [root.metrics.v1.ExportMetricsServiceRequest, root.metrics.v1.ExportMetricsServiceResponse, "rejectedDataPoints"],
};

const failures = {
  unavailable: (request, response) => response.writeHead(503, { "Retry-After": "1" }).end("draining"),
  refuse: (request, response) => response.writeHead(400).end("no such tenant"),
  reset: (request) => request.socket.resetAndDestroy(),
  stall: () => {},
  garbage: (request) => request.socket.end("\x00\x01 this is no HTTP\r\n\r\n"),
  endless: (request, response) => {
    response.writeHead(200);
    const more = () => { while (response.write("x".repeat(65536))); };
    response.on("drain", more).on("error", () => {});
    more();
  },
};

function take(request, response, parts) {
  console.error(`${mode} ${request.url}`);
  const [Request, Response, rejected] = messages[request.url];
  const decoded = Request.decode(zlib.gunzipSync(Buffer.concat(parts)));
  const body = Request.toObject(decoded, { longs: String, bytes: String, enums: Number });
  if (mode in failures && mode !== "endless") {
    failures[mode](request, response);
    return;
  }
  fs.appendFileSync(file, JSON.stringify({ path: request.url, headers: request.headers, body }) + "\n");
  if (mode === "endless") {
    failures.endless(request, response);
    return;
  }
  const answer = mode === "partial" ? { partialSuccess: { [rejected]: 1, errorMessage: "one is too old" } } : {};
  response.writeHead(200, { "Content-Type": "application/x-protobuf" }).end(Response.encode(Response.fromObject(answer)).finish());
}

function serve(request, response) {
  const parts = [];
  request.on("data", (part) => parts.push(part)).on("end", () => take(request, response, parts)).on("error", () => {});
}

const server = certificate
  ? https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }, serve)
  : http.createServer(serve);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
readline.createInterface({ input: process.stdin })
  .on("line", (line) => { mode = line; console.log(line); })
  .on("close", () => process.exit());
