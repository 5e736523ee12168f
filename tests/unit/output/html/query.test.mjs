import assert from "node:assert/strict";
import {test} from "node:test";
import {exactly, inJson, matcher, parseQuery} from "../../../../src/output/html/page/query.mjs";

const OBJECT = {
    schema: "sslsniff/1", type: "transaction", protocol: "http/1.1",
    connection: {id: "7.1", tls: {version: "TLSv1.3", sni: "api.test"}},
    request: {method: "POST", target: "/api/orders?id=1", url: "https://api.test/api/orders?id=1",
              headers: [{name: "Content-Type", value: "application/json"}], body: {size: 9, text: '{"a":"<b>"}', captured: 9}},
    response: {status: 503, reason: "Busy", headers: [{name: "Retry-After", value: "5"}], body: {size: 4, text: "späť", captured: 4}},
    timing: {request_end_us: 10, response_start_us: 250_000},
};
const ROW = {
    at: 1_700_000_000_000_000, took: 260_000, connection: "7.1", process: "curl", pid: 7, role: "client", peer: "api.test:443", tls: true,
    protocol: "http/1.1", said: "POST https://api.test/api/orders?id=1", got: "503 Busy", outcome: "server_error", endpoint: "POST /api/orders",
    up: 9, down: 4, number: 0, line: JSON.stringify(OBJECT).replaceAll("<", "\\u003c"),
};

function matches(query, row = ROW) {
    return matcher(parseQuery(query), (of) => JSON.parse(of.line))(row);
}

test("what is found", () => {
    for (const query of ["", "orders", "ORDERS curl", '"503 busy"', "retry-after", "späť", "SPÄŤ", "<b>", '"a":"<b>', "status>=500", "status=503", "status!=200",
                         "took>100ms", "took<1s", "took>=260ms", "latency=260ms", "ttfb>200ms", "down<1k", "process=curl", "curl -dns", "-status<500",
                         "header:json", "request.headers.content-type:JSON", "response.headers.retry-after>=5", "body:<b>", "sni:api", "tls=true",
                         "connection.tls.version=TLSv1.3", "timing.response_start>=250ms", "https://api.test", "api.test:443", "connection=7.1",
                         "endpoint:/api", "outcome=server_error", "-incomplete=true"]) {
        assert.equal(matches(query), true, query);
    }
});

test("what is not found", () => {
    for (const query of ["absent", '"curl orders"', "status<500", "status=50", "took>1s", "process=cur", "-orders", "orders -curl", "header:text/html",
                         "body:orders", "no.such.field:x", "no.such.field>1", "status>x", "schema", "request_end_us", "captured", "time>"]) {
        assert.equal(matches(query), false, query);
    }
});

test("times of day", () => {
    const clock = new Date(ROW.at / 1000);
    const text = (shift) => new Date(clock.getTime() + shift).toTimeString().slice(0, 8);
    assert.equal(matches(`time>=${text(-1000)}`), true);
    assert.equal(matches(`time<${text(-1000)}`), false);
    assert.equal(matches(`time<${text(1000)}`), true);
});

test("patterns are text", () => {
    for (const query of ["(", "[", "a+", ".*", "\\", "^", "$", "?id=1"]) {
        assert.equal(matches(query), query === "?id=1", query);
    }
});

test("names of objects' own members are no fields", () => {
    for (const query of ["constructor:x", "toString:x", "__proto__:x", "constructor=x", "request.constructor:Object"]) {
        assert.equal(matches(query), false, query);
    }
});

test("a text in a line is found as it is written there", () => {
    assert.equal(inJson('a"\\<\n\u202e\u0001'), 'a\\"\\\\\\u003c\\n\\u202e\\u0001');
});

test("a value can be asked for", () => {
    for (const value of ["curl", "a b", "7.1", "GET /x", "h:1"]) {
        const [term] = parseQuery(exactly("process", value));
        assert.deepEqual([term.field, term.operator, term.value, term.isNegated], ["process", "=", value, false]);
    }
});
