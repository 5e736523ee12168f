// All that is known of one transaction, or of one connection.
import {copy, h} from "./dom.mjs";
import {bodyView} from "./body.mjs";
import {isObject} from "./fields.mjs";
import {endpointText, tone} from "./store.mjs";
import {fieldName, headerTable, tree} from "./tree.mjs";
import {counted, humanDuration, humanSize, indented, jsonTokens, printable} from "./text.mjs";

/** @typedef {import("./blocks.mjs").Row} Row */
/** @typedef {import("./store.mjs").Store} Store */

const MESSAGES = 500;  // messages of a stream in its list
const CALLS = 500;  // calls of a request in its list

/** @param {string} title @param {(Node|null|false)[]} content @param {boolean} [isOpen] */
function section(title, content, isOpen = true) {
    const shown = content.filter((node) => node);
    return shown.length ? h("details.section", {open: isOpen}, h("summary", {}, title), shown) : null;
}

/** Names and texts that are there. @param {[string, any][]} facts */
function factList(facts) {
    const known = facts.filter(([, value]) => value !== undefined && value !== null && value !== "");
    return known.length ? h("dl.tree", {}, known.flatMap(([name, value]) => [h("dt", {}, name),
        h("dd", {}, value instanceof Node ? value : printable(value))])) : null;
}

/** The shell command that asks the same again. Null when it is no HTTP request. @param {any} object */
export function curlCommand(object) {
    const request = object.request;
    if (!request?.url || !request.method || !Array.isArray(request.headers)) {
        return null;
    }
    const quote = (/** @type {string} */ text) => `'${text.replace(/'/g, "'\\''")}'`;
    const words = ["curl", quote(request.url)];
    if (request.method !== "GET" || request.body?.text) {
        words.push("-X", quote(request.method));
    }
    for (const {name, value} of request.headers) {
        if (!/^(host|content-length|connection|accept-encoding)$/i.test(name)) {
            words.push("-H", quote(`${name}: ${value}`));
        }
    }
    if (request.body?.text) {
        words.push("--data-binary", quote(request.body.text));
    }
    return words.join(" ");
}

/** How the time was spent. @param {any} object */
function timingView(object) {
    const {timing = {}, duration_us: took} = object;
    const asked = timing.request_end_us;
    const answered = timing.response_start_us;
    const whole = took ?? Math.max(asked ?? 0, answered ?? 0);
    /** @type {[string, string, number, number][]} */
    const phases = [];
    if (asked !== undefined) {
        phases.push(["asking", "request sent", 0, asked]);
    }
    if (answered !== undefined) {
        phases.push(["waiting", "waiting for the answer", asked ?? 0, Math.max(answered, asked ?? 0)]);
        if (took !== undefined) {
            phases.push(["answering", "answer", Math.max(answered, asked ?? 0), Math.max(took, answered)]);
        }
    }
    const list = phases.map(([style, name, from, to]) => {
        const bar = h(`i.${style}`);
        bar.style.marginLeft = `${whole ? 100 * from / whole : 0}%`;
        bar.style.width = `max(2px, ${whole ? Math.min(100 * (to - from) / whole, 100 - 100 * from / whole) : 0}%)`;
        return h("div.phase", {}, h("span.phasename", {}, name), h("span.phasebar", {}, bar), h("span.phasetime", {}, humanDuration(to - from)));
    });
    const connect = object.connection?.connect_us;
    const handshake = object.connection?.tls?.handshake_us;
    return section("Timing", [
        ...list,
        factList([["began", object.time], ["took", took === undefined ? "did not end" : humanDuration(took)],
                  ["connect, once for the connection", connect === undefined ? undefined : humanDuration(connect)],
                  ["TLS handshake, once for the connection", handshake === undefined ? undefined : humanDuration(handshake)]])]);
}

/** What is missing, in words; null when nothing is. @param {any} object */
function integrityView(object) {
    const {complete, missing_bytes: missing, joined_midstream: midstream, reason} = object.integrity ?? {complete: true};
    if (complete && !missing && !midstream) {
        return null;
    }
    const found = [];
    if (missing) {
        found.push(`${counted(missing, "byte")} of it were not captured`);
    }
    if (midstream) {
        found.push("its beginning passed before the capture began, or in a gap");
    }
    return h("p.alert", {role: "note"}, h("strong", {}, complete ? "Not all of it is certain" : "Not all of it was seen"),
             printable(`${reason ? `: ${reason}` : ""}${found.length ? `; ${found.join("; ")}` : ""}.`));
}

/** @param {any} half @param {string} title */
function halfView(half, title) {
    if (half === undefined || half === null) {
        return null;
    }
    if (!isObject(half)) {
        return section(title, [tree({[title.toLowerCase()]: half})]);
    }
    const isHttp = Array.isArray(half.headers) && (half.method !== undefined || half.status !== undefined);
    if (!isHttp) {
        return section(title, [tree(half)]);
    }
    const line = half.method !== undefined ? `${half.method} ${half.target ?? ""} ${half.version ?? ""}` : `${half.status} ${half.reason ?? ""}`;
    return section(title, [
        h("p.startline", {}, printable(line.trim())),
        half.headers.length ? headerTable(half.headers) : null,
        half.headers_truncated ? h("p.note", {}, "There were more header fields than were kept.") : null,
        bodyView(half.body),
        half.trailers?.length ? h("p.note", {}, "Trailers") : null,
        half.trailers?.length ? headerTable(half.trailers) : null,
        tree(half, ["method", "target", "version", "url", "host", "status", "reason", "headers", "headers_truncated", "body", "trailers"])]);
}

/** @param {any} connection @param {any} process */
function connectionSections(connection, process) {
    const tls = connection.tls;
    return [
        tls ? section("TLS", [tree(tls, [])]) : null,
        section("Connection", [tree({...connection, local: endpointText(connection.local) || undefined,
                                     remote: endpointText(connection.remote) || undefined}, ["tls"])]),
        process ? section("Process", [tree(process)]) : null,
    ];
}

/** @param {string} line */
function rawSection(line) {
    const place = h("pre.body");
    const details = h("details.section", {ontoggle: () => {
        if (/** @type {HTMLDetailsElement} */ (details).open && !place.firstChild) {
            const tokens = jsonTokens(line);
            place.textContent = printable(tokens ? indented(tokens).map((token) => token.text).join("") : line, true);
        }
    }}, h("summary", {}, "JSON"), place);
    return details;
}

/** Other rows of the stream that a row belongs to, if it has messages. @param {Store} store @param {Row} row @param {any} object */
export function streamMessages(store, row, object) {
    const others = store.rowsOf.get(row.connection) ?? [];
    const url = object.message?.url ?? object.request?.url;
    const stream = object.message?.stream ?? object.stream?.id;
    if (others.length < 2 || url === undefined) {
        return [];
    }
    const found = [];
    for (const number of others) {
        const other = store.rows[number];
        // Most rows are no messages; reading them all would take long on a busy connection.
        if (other.line.includes('"message":{"url":')) {
            const {message} = other === row ? object : store.parse(other);
            if (message && message.url === url && (message.stream ?? stream) === stream) {
                found.push({row: other, message});
                if (found.length >= MESSAGES) {
                    break;
                }
            }
        }
    }
    return found;
}

/** @param {{row: Row, message: any}[]} messages @param {Row} row @param {(row: Row) => void} open */
function messagesView(messages, row, open) {
    if (!messages.length) {
        return null;
    }
    return section(`Messages of this stream (${messages.length}${messages.length >= MESSAGES ? ", and more" : ""})`, [
        h("ol.messages", {}, messages.map(({row: other, message}) => h("li", {class: other === row ? "current" : false},
            h("button", {onclick: () => open(other)}, h(`span.from.${message.from === "client" ? "up" : "down"}`, {},
                message.from === "client" ? "↑" : "↓"),
              h("span.type", {}, printable(message.type ?? "")),
              h("span.content", {}, printable((message.body?.decoded?.text ?? message.body?.text ??
                                               (message.body?.base64 ? `${humanSize(message.body.size)} bytes` : "")).slice(0, 200)))))))]);
}

/** Calls that a request caused, as they ended. @param {Store} store @param {Row} row */
export function callsOf(store, row) {
    return row.id === undefined ? [] : store.rows.filter((other) => other.cause === row.id);
}

/** When each of the calls was made, on the scale of the request. @param {Row[]} calls @param {Row} row @param {(row: Row) => void} open */
function callsView(calls, row, open) {
    const begin = row.at ?? 0;
    const whole = Math.max(row.took ?? 0, ...calls.slice(0, CALLS).map((call) => (call.at ?? begin) - begin + (call.took ?? 0)));
    return section(`Calls that it caused (${calls.length}${calls.length > CALLS ? `, the first ${CALLS} of them here` : ""})`,
                   calls.slice(0, CALLS).map((call) => {
        const bar = h("i.waiting");
        const from = whole ? 100 * ((call.at ?? begin) - begin) / whole : 0;
        bar.style.marginLeft = `${Math.max(0, Math.min(99, from))}%`;
        bar.style.width = `max(2px, ${whole ? 100 * (call.took ?? 0) / whole : 0}%)`;
        const said = printable(`${call.protocol.startsWith("http/1") ? "" : `${call.protocol} `}${call.said ?? "?"}`);
        return h("button.phase.call", {onclick: () => open(call), title: said}, h("span.phasename", {}, said), h("span.phasebar", {}, bar),
                 h("span.phasetime", {}, call.took === undefined ? "" : humanDuration(call.took)));
    }));
}

/** The request that caused a call. @param {Store} store @param {any} object @param {(row: Row) => void} open */
function causeView(store, object, open) {
    const cause = object.caused_by;
    if (!isObject(cause)) {
        return null;
    }
    const row = store.rows.find((other) => other.id === cause.id);
    return h("p.actions", {}, "Caused by ", row ? h("button", {onclick: () => open(row)}, printable(row.said ?? cause.id))
                                               : printable(`${cause.id}, which is not in the report`),
             ` (${printable(String(cause.confidence))})`);
}

const KNOWN = ["schema", "type", "id", "caused_by", "time", "duration_us", "protocol", "process", "connection", "request", "response", "message", "timing",
               "integrity"];

/**
 * @param {Store} store
 * @param {Row} row
 * @param {{open: (row: Row) => void, filter: (field: string, value: string) => void}} actions
 */
export function transactionView(store, row, actions) {
    const object = store.transaction(row);
    const curl = curlCommand(object);
    const others = (store.rowsOf.get(row.connection) ?? []).length - 1;
    const copyButton = h("button", {onclick: () => copy(copyButton, row.line)}, "copy JSON");
    const curlButton = curl ? h("button", {onclick: (/** @type {Event} */ event) => copy(/** @type {HTMLElement} */ (event.target), curl), title: "secrets in it are as the capture shows them"}, "copy as curl") : null;
    // What the protocol says beside request and response: stream, grpc, gen_ai, kind …
    const rest = Object.keys(object).filter((key) => !KNOWN.includes(key));
    const simple = rest.filter((key) => !isObject(object[key]) && !Array.isArray(object[key]));
    return h("article", {}, h("h2", {}, printable(row.said ?? "?")),
        h("p.outcome", {}, row.got !== undefined ? h(`span.got.${tone(row) || "fine"}`, {}, `${row.pushed ? "←" : "→"} ${printable(row.got)}`) : null,
          h("span", {}, printable(row.protocol)), row.took ? h("span", {}, humanDuration(row.took)) : null,
          h("span", {}, `↑${humanSize(row.up)} ↓${humanSize(row.down)}`)),
        h("p.actions", {}, others ? h("button", {onclick: () => actions.filter("connection", row.connection)},
                                      `${counted(others, "other exchange")} on this connection`) : null, curlButton, copyButton),
        causeView(store, object, actions.open), integrityView(object),
        simple.length ? tree(Object.fromEntries(simple.map((key) => [key, object[key]]))) : null,
        halfView(object.request, "Request"), halfView(object.response, "Response"), halfView(object.message, "Message"),
        messagesView(streamMessages(store, row, object), row, actions.open),
        ...rest.filter((key) => !simple.includes(key)).map((key) => section(fieldName(key), [
            Array.isArray(object[key]) ? tree({[key]: object[key]}) : tree(object[key])])),
        timingView(object), callsView(callsOf(store, row), row, actions.open), ...connectionSections(object.connection ?? {}, object.process), rawSection(row.line));
}

/**
 * @param {import("./store.mjs").Connection} connection
 * @param {{filter: (field: string, value: string) => void}} actions
 */
export function connectionView(connection, actions) {
    const object = JSON.parse(connection.line);
    return h("article", {}, h("h2", {}, printable(`${connection.process || "?"} ${connection.role === "server" ? "<" : ">"} ${connection.peer || "?"}`)),
        h("p.outcome", {}, h("span", {}, printable(connection.protocol || "unknown protocol")), h("span", {}, printable(connection.reason)),
          h("span", {}, humanDuration(connection.took))),
        connection.transactions ? h("p.actions", {}, h("button", {onclick: () => actions.filter("connection", connection.id)},
                                                       counted(connection.transactions, "transaction"))) : null,
        connection.notDecoded ? h("p.alert", {role: "note"}, h("strong", {}, "Not decoded: "), printable(connection.notDecoded)) : null,
        connection.handshake ? h("p.alert", {role: "note"}, h("strong", {}, printable(connection.handshake))) : null,
        connection.missing ? h("p.alert", {role: "note"}, `${counted(connection.missing, "byte")} were not captured.`) : null,
        section("Sent", [tree(object.sent)]), section("Received", [tree(object.received)]),
        ...connectionSections(object.connection, object.process), rawSection(connection.line));
}
