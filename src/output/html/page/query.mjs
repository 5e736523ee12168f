// The language of the search field: words, NAME:TEXT, NAME=TEXT, NAME>NUMBER; all of them must hold, '-' in front turns one round.
import {someValue, valuesAt} from "./fields.mjs";

/** @typedef {import("./blocks.mjs").Row} Row */
/** @typedef {{field: string, operator: string, value: string, isNegated: boolean}} Term */

/** Fields of rows, which are there without reading the transaction. @type {Record<string, (row: Row) => any>} */
const OF_ROWS = {
    process: (row) => row.process, comm: (row) => row.process, pid: (row) => row.pid, peer: (row) => row.peer, role: (row) => row.role,
    protocol: (row) => row.protocol, outcome: (row) => row.outcome, endpoint: (row) => row.endpoint, connection: (row) => row.connection,
    said: (row) => row.said, got: (row) => row.got, took: (row) => row.took, latency: (row) => row.took, up: (row) => row.up,
    down: (row) => row.down, tls: (row) => String(row.tls === true), incomplete: (row) => String(row.incomplete === true),
};
/** Short names, most of them as in --where (docs/filters.md). @type {Record<string, string>} */
const SHORT = {
    status: "response.status", method: "request.method", path: "request.target", url: "request.url", host: "request.host",
    ttfb: "timing.response_start", command: "request.command", key: "request.keys", statement: "request.statement",
    operation: "request.operation", user: "request.user", database: "request.database", name: "request.name", rcode: "response.rcode",
    exe: "process.exe", pod: "process.pod", container: "process.container_name", sni: "connection.tls.sni", alpn: "connection.tls.alpn",
    carrier: "connection.carrier", transport: "connection.transport", local: "connection.local.address",
    remote: "connection.remote.address", port: "connection.remote.port", stream: "stream.id", header: "",
};
const DURATIONS = new Set(["took", "latency", "ttfb", "duration", "timing.request_end", "timing.response_start", "connection.connect",
                           "connection.tls.handshake"]);
/** Single words that are looked up in the transaction; others in front of a colon are text, as in localhost:443. */
const OTHERS = new Set(["time", "body", "duration", "kind", "topic", "packet", "version", "schema", "type"]);
/** What a path begins with: api.test:443 is text. */
const TOP_FIELDS = new Set(["request", "response", "message", "connection", "process", "timing", "integrity", "stream", "grpc", "connect", "gen_ai",
                     "jsonrpc", "graphql", "elasticsearch", "clickhouse", "s3", "informational", "snapshot"]);
const UNITS = /** @type {Record<string, number>} */ ({us: 1, "µs": 1, ms: 1e3, s: 1e6, m: 60e6, k: 1e3, M: 1e6, G: 1e9});

/** @param {string} text @returns {Term[]} */
export function parseQuery(text) {
    const terms = [];
    const form = /(-?)(?:([A-Za-z][\w.-]*)(:|>=|<=|!=|=|>|<))?(?:"([^"]*)"?|(\S+))/g;
    for (const [, minus, field = "", operator = ":", quoted, word] of text.matchAll(form)) {
        const isField = field.includes(".") ? TOP_FIELDS.has(field.slice(0, field.indexOf(".")))
                                            : Object.hasOwn(OF_ROWS, field) || Object.hasOwn(SHORT, field) || OTHERS.has(field);
        const isText = operator === ":" && field !== "" && (!isField || word?.startsWith("//"));  // as in https://host
        terms.push({field: isText ? "" : field, operator: operator === "!=" ? "=" : operator,
                    value: isText ? `${field}:${quoted ?? word}` : quoted ?? word,
                    isNegated: (minus === "-") !== (operator === "!=")});
    }
    return terms;
}

/** @param {string} text @returns {(text: string) => boolean} */
function containing(text) {
    const pattern = new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "iu");
    return (other) => pattern.test(other);
}

/** A text as it stands in a line of JSON, so that most lines need not be read. @param {string} text */
export function inJson(text) {
    const marks = /** @type {Record<string, string>} */ ({"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"});
    return text.replace(/["\\<\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
                        (c) => marks[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Time of day as microseconds: "12:00:01.5". @param {string} text */
function timeOfDay(text) {
    const match = /^(\d\d?):(\d\d)(?::(\d\d(?:\.\d+)?))?$/.exec(text);
    return match ? (Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3] ?? 0)) * 1e6 : NaN;
}

/** @param {number} us since the epoch */
function localTimeOfDay(us) {
    const date = new Date(us / 1000);
    return (date.getHours() * 3600 + date.getMinutes() * 60 + date.getSeconds()) * 1e6 + us % 1e6;
}

/** @param {string} text @param {boolean} isDuration without a unit: milliseconds */
function numberOf(text, isDuration) {
    const match = /^(-?[\d.]+)\s*(us|µs|ms|s|m|k|M|G)?$/.exec(text);
    return match ? Number(match[1]) * (UNITS[match[2]] ?? (isDuration ? 1e3 : 1)) : NaN;
}

/** @param {number} left @param {string} operator @param {number} right */
function compares(left, operator, right) {
    switch (operator) {
        case ">": return left > right;
        case "<": return left < right;
        case ">=": return left >= right;
        case "<=": return left <= right;
        default: return left === right;
    }
}

/**
 * What a term asks of one value.
 * @param {Term} term
 * @returns {(value: any) => boolean}
 */
function condition(term) {
    const isDuration = DURATIONS.has(term.field) || DURATIONS.has(SHORT[term.field] ?? "");
    const number = numberOf(term.value, isDuration);
    if (term.operator === ":") {
        const contains = containing(term.value);
        return (value) => value !== undefined && value !== null && contains(String(value));
    }
    if (term.operator === "=") {
        const wanted = term.value.toLowerCase();
        return (value) => value !== undefined && value !== null &&
                          (String(value).toLowerCase() === wanted || (isDuration && value === number));
    }
    return (value) => value !== undefined && value !== null && value !== "" && compares(Number(value), term.operator, number);
}

/**
 * @param {Term} term
 * @param {(row: Row) => any} read the whole transaction of a row
 * @returns {(row: Row) => boolean}
 */
function ofTerm(term, read) {
    if (term.field === "") {
        const contains = containing(term.value);
        const perhaps = containing(inJson(term.value));
        return (row) => [row.said, row.got, row.peer, row.process, row.protocol].some((text) => text !== undefined && contains(text)) ||
                        (perhaps(row.line) && someValue(read(row), contains));
    }
    if (term.field === "time") {
        const wanted = timeOfDay(term.value);
        return (row) => row.at !== undefined && compares(localTimeOfDay(row.at), term.operator, wanted);
    }
    const test = condition(term);
    if (Object.hasOwn(OF_ROWS, term.field)) {
        const get = OF_ROWS[term.field];
        return (row) => test(get(row));
    }
    if (term.field === "header" || term.field === "body") {
        const contains = containing(term.value);
        const perhaps = containing(inJson(term.value));
        const within = term.field === "body" ? bodiesOf : headersOf;
        return (row) => perhaps(row.line) && someValue(within(read(row)), contains);
    }
    const path = (Object.hasOwn(SHORT, term.field) ? SHORT[term.field] : term.field).split(".");
    return (row) => valuesAt(read(row), path).some(test);
}

/** @param {any} object */
function headersOf(object) {
    return [object.request, object.response].map((half) => [half?.headers, half?.trailers]);
}

/** @param {any} object @returns {any[]} */
function bodiesOf(object) {
    return [object.request, object.response, object.message, object.grpc?.request, object.grpc?.response]
        .flatMap((half) => [half?.body, half?.payload, half?.message])
        .map((body) => [body?.text, body?.decoded?.text, body?.json]);
}

/**
 * Whether a row fulfils all terms.
 * @param {Term[]} terms
 * @param {(row: Row) => any} read the whole transaction of a row
 * @returns {(row: Row) => boolean}
 */
export function matcher(terms, read) {
    const tests = terms.map((term) => ({test: ofTerm(term, read), isNegated: term.isNegated}));
    return (row) => tests.every(({test, isNegated}) => test(row) !== isNegated);
}

/** How a term has to be written that asks for this very value. @param {string} field @param {unknown} value */
export function exactly(field, value) {
    const text = String(value);
    return /^[^\s"]+$/.test(text) ? `${field}=${text}` : `${field}="${text.replace(/"/g, "")}"`;
}
