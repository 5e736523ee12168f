import assert from "node:assert/strict";
import {test} from "node:test";
import {bodyView, formFields} from "../../../../src/output/html/page/body.mjs";
import {callsOf, curlCommand, streamMessages} from "../../../../src/output/html/page/detail.mjs";
import {connectionMatches, trouble} from "../../../../src/output/html/page/connections.mjs";
import {lossTotals, warnings} from "../../../../src/output/html/page/losses.mjs";
import {serviceGraph} from "../../../../src/output/html/page/services.mjs";
import {countsOver, groups, histogram, niceStep, percentile, percentilesOver, rangeOf, sortNumbers} from "../../../../src/output/html/page/series.mjs";
import {someValue, valuesAt} from "../../../../src/output/html/page/fields.mjs";
import {endpointText, latency, microseconds, Store} from "../../../../src/output/html/page/store.mjs";

const row = (fields) => JSON.stringify({at: 1000, took: 5, connection: "1.1", process: "curl", pid: 1, role: "client", peer: "h:80", protocol: "http/1.1",
                                        said: "GET /", got: "200 OK", outcome: "ok", endpoint: "GET /", up: 0, down: 0, ...fields});
const transaction = (fields = {}) => JSON.stringify({schema: "sslsniff/1", type: "transaction", protocol: "http/1.1", process: {pid: 1, comm: "curl"},
                                                     connection: {id: "1.1", role: "client"}, ...fields});
const connection = (fields, own = {}) => JSON.stringify({
    schema: "sslsniff/1", type: "connection", time: "2026-01-31T12:00:01.123456789Z", duration_us: 9, process: {pid: 1, comm: "curl"},
    connection: {id: "1.1", role: "client", carrier: "tls", transport: "tcp", tls: {}, ...fields}, reason: "freed", transactions: 1,
    sent: {bytes: 1, missing: 0, gaps: 0}, received: {bytes: 2, missing: 0, gaps: 0}, ...own});

function read(...lines) {
    const store = new Store();
    store.reader.take(`${lines.join("\n")}\n`);
    store.isWhole = true;
    return store;
}

test("rows and the transactions behind them", () => {
    const store = read(row({}), transaction({request: {method: "GET"}}), row({took: 7}), transaction(), connection({}));
    assert.equal(store.rows.length, 2);
    assert.equal(store.transaction(store.rows[0]).request.method, "GET");
    assert.deepEqual(store.rowsOf.get("1.1"), [0, 1]);
    assert.equal(store.connections.length, 1);
    assert.equal(store.reader.damaged, 0);
});

test("the calls of a request", () => {
    const store = read(row({id: "1.2.1", cause: "1.1.1"}), transaction(), row({id: "1.2.2"}), transaction(), row({id: "1.1.1"}), transaction(),
                       row({}), transaction());
    assert.deepEqual(callsOf(store, store.rows[2]).map((call) => call.id), ["1.2.1"]);
    assert.deepEqual(callsOf(store, store.rows[0]), []);
    assert.deepEqual(callsOf(store, store.rows[3]), []);
});

test("what was cut off is counted, the rest is there", () => {
    for (const cut of [1, 30, 100]) {
        const store = read(row({}), transaction());
        store.reader.take(`${row({})}\n${transaction().slice(0, -cut)}`);
        assert.equal(store.rows.length, 1);
        assert.equal(store.reader.damaged, 1);
        assert.match(warnings(store).join(), /cut off/);
    }
    const whole = read('{"schema":"sslsniff/1","type":"summary","losses":[],"missing_bytes":0}');
    assert.deepEqual(warnings(whole), []);
    assert.deepEqual(warnings(read('{"continues":true}')), []);
});

test("losses are told, also without a summary", () => {
    const loss = (events) => JSON.stringify({schema: "sslsniff/1", type: "loss", cause: "ring_full", events, bytes: 10});
    const store = read(loss(1), loss(2));
    assert.deepEqual(lossTotals(store), [{cause: "ring_full", events: 3, bytes: 20}]);
    assert.match(warnings(store).join(" "), /3 events, 20 bytes lost: sslsniff did not keep up/);
    const counted = read(JSON.stringify({schema: "sslsniff/1", type: "summary", missing_bytes: 7, losses: [{cause: "new_cause", events: 1, bytes: 0}]}));
    assert.deepEqual(warnings(counted), ["1 event lost: new_cause.", "7 bytes missing in the streams."]);
});

test("ends and times", () => {
    assert.equal(endpointText({address: "::1", port: 443}), "[::1]:443");
    assert.equal(endpointText({address: "10.0.0.1"}), "10.0.0.1");
    assert.equal(endpointText(undefined), "");
    assert.equal(microseconds("1970-01-01T00:00:01.123456789Z"), 1_123_456);
    assert.equal(microseconds(undefined), undefined);
});

test("connections with a remark", () => {
    const of = (fields, own) => read(connection(fields, own)).connections[0];
    assert.equal(trouble(of({})), "");
    assert.equal(trouble(of({tls: {handshake_failed: true, handshake_error: "alert sent: unknown_ca"}})), "handshake failed: alert sent: unknown_ca");
    assert.equal(trouble(of({tls: {not_decoded: "QUIC"}})), "not decoded: QUIC");
    assert.equal(trouble(of({}, {reason: "refused"})), "connection refused");
    assert.equal(trouble(of({}, {transactions: 0})), "unknown protocol");
    assert.equal(trouble(of({}, {sent: {bytes: 9, missing: 5, gaps: 1}})), "5 not captured");
    assert.equal(connectionMatches(of({tls: {not_decoded: "QUIC"}}), "quic"), true);
    assert.equal(connectionMatches(of({}), "quic"), false);
});

test("percentiles and histograms", () => {
    const values = sortNumbers(Array.from({length: 100}, (_, i) => 100 - i));
    assert.deepEqual([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1), percentile([], 0.5)], [50, 99, 100, undefined]);
    const buckets = histogram([0, 1, 5, 10, 100, 100, 999]);
    assert.equal(buckets.reduce((sum, bucket) => sum + bucket.count, 0), 7);
    for (const value of [1, 5, 10, 100, 999]) {
        assert.ok(buckets.some(({from, to, count}) => count && value >= from * 0.999 && value < to * 1.001), `${value}`);
    }
    assert.deepEqual([niceStep(100, 4), niceStep(7, 4), niceStep(1, 4)], [50, 2, 0.5]);
});

test("time series", () => {
    const rows = [{at: 0, took: 10, answered: 5, said: "a", got: "b", outcome: "ok"}, {at: 99, took: 30, answered: 5, said: "a", got: "b", outcome: "server_error"},
                  {at: 99, got: "pushed", pushed: true, took: 0, outcome: "ok"}, {outcome: "ok"}];
    const range = rangeOf(rows);
    assert.deepEqual(range, {from: 0, to: 129});
    assert.deepEqual(countsOver(rows, range, 2), {all: [1, 2], errors: [0, 1]});
    assert.deepEqual(percentilesOver(rows, range, 2)[0], [10, 30]);
    assert.equal(rangeOf([{outcome: "ok"}]), null);
    const [group] = groups(rows.map((r) => ({...r, process: "p", protocol: "h2", endpoint: "GET /"})));
    assert.deepEqual([group.count, group.errors, group.median, group.total], [4, 1, 10, 40]);
});

test("an exchange of which both ends were captured is one line of the map", () => {
    const ends = (id, comm, role, local, remote, own = {}) => connection(
        {id, role, local: {address: "127.0.0.1", port: local}, remote: {address: "127.0.0.1", port: remote}}, {process: {pid: 1, comm}, ...own});
    const store = read(row({connection: "1"}), transaction(), row({connection: "2", process: "nginx", role: "server"}), transaction(),
                       row({connection: "3", process: "nginx", outcome: "server_error"}), transaction(), row({connection: "4", process: "nginx", role: "server"}), transaction(),
                       ends("1", "curl", "client", 5000, 443), ends("2", "nginx", "server", 443, 5000), ends("3", "nginx", "client", 5001, 6379),
                       ends("4", "nginx", "server", 443, 7000));
    const {nodes, edges} = serviceGraph(store, store.rows);
    assert.deepEqual(edges.map(({from, to, count, errors}) => [from, to, count, errors]).sort(),
                     [["peer 127.0.0.1", "process nginx", 1, 0], ["process curl", "process nginx", 1, 0], ["process nginx", "peer 127.0.0.1:6379", 1, 1]]);
    assert.equal(nodes.size, 4);
});

test("messages have no latency", () => {
    assert.equal(latency({said: "GET /", got: "200", answered: 3, took: 5}), 5);
    assert.equal(latency({said: "wss://h/chat", got: "text hello", took: 0}), undefined);
    assert.equal(latency({said: "wss://h/chat", got: "text hello", answered: 0, pushed: true, took: 0}), undefined);
    assert.equal(latency({said: "GET /", answered: undefined, took: undefined}), undefined);
});

test("values that lie deep do no harm", () => {
    let deep = "needle";
    for (let i = 0; i < 50_000; i++) {
        deep = [deep];
    }
    assert.equal(someValue([deep, "needle"], (text) => text === "needle"), true);
    assert.equal(someValue(deep, (text) => text === "needle"), false);
    assert.deepEqual(valuesAt({a: deep}, ["a"]), []);
    assert.deepEqual(valuesAt({a: [{b: 1}, {b: [2]}], b_us: 3}, ["a", "b"]), [1, 2]);
    assert.deepEqual(valuesAt({b_us: 3}, ["b"]), [3]);
});

test("messages of one stream", () => {
    const message = (number, url, stream) => transaction({message: {url, stream, from: "client", number, type: "text", body: {size: 1, text: "x", captured: 1}}});
    const store = read(row({protocol: "websocket"}), message(1, "https://h/a", 1), row({protocol: "websocket"}), message(1, "https://h/b", 3),
                       row({protocol: "websocket"}), message(2, "https://h/a", 1), row({}), transaction({request: {url: "https://h/a"}, stream: {id: 1}}));
    for (const at of [0, 3]) {
        assert.deepEqual(streamMessages(store, store.rows[at], store.transaction(store.rows[at])).map(({row: of}) => of.number), [0, 2]);
    }
});

test("commands for shells are quoted", () => {
    const command = curlCommand({request: {method: "POST", url: "https://h/$(id)'", headers: [{name: "X", value: "`id` \"'"}, {name: "Host", value: "h"}],
                                           body: {size: 3, text: "a'b", captured: 3}}});
    assert.equal(command, `curl 'https://h/$(id)'\\''' -X 'POST' -H 'X: \`id\` "'\\''' --data-binary 'a'\\''b'`);
    assert.equal(curlCommand({request: {command: "GET"}}), null);
    assert.equal(curlCommand({}), null);
});

test("forms", () => {
    assert.deepEqual(formFields("a=1&b=x%20y"), [["a", "1"], ["b", "x y"]]);
    assert.equal(formFields('{"a":1}'), null);
    assert.equal(formFields("two words=1"), null);
    assert.equal(bodyView({size: 0, captured: 0}), null);
});
