// All that the page has read.
import {LineReader} from "./blocks.mjs";

/** @typedef {import("./blocks.mjs").Row} Row */

/**
 * A connection that has ended.
 * @typedef {object} Connection
 * @property {string} id
 * @property {number} [at] microseconds since the epoch
 * @property {number} [took]
 * @property {string} process
 * @property {number} pid
 * @property {string} role
 * @property {string} carrier
 * @property {string} transport
 * @property {string} local
 * @property {string} remote
 * @property {string} peer
 * @property {string} protocol
 * @property {string} reason
 * @property {number} transactions
 * @property {number} sent
 * @property {number} received
 * @property {number} missing
 * @property {string} notDecoded
 * @property {string} handshake what became of one that failed, or did not finish
 * @property {string} version of TLS
 * @property {string} line the whole object
 */

/** "10.0.0.1:443"; "" when nothing is known. @param {any} end */
export function endpointText(end) {
    if (!end) {
        return "";
    }
    const address = end.address.includes(":") && end.port ? `[${end.address}]` : end.address;
    return end.port ? `${address}:${end.port}` : address;
}

/** What a process calls its peer. @param {any} connection */
export function peerText(connection) {
    const port = connection.remote?.port;
    return connection.remote_name ? connection.remote_name + (port ? `:${port}` : "") : endpointText(connection.remote);
}

/** Microseconds since the epoch. @param {string|undefined} time RFC 3339 with nine digits */
export function microseconds(time) {
    if (!time) {
        return undefined;
    }
    return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26));
}

/** @param {any} object @param {string} line @returns {Connection} */
function connectionOf(object, line) {
    const {connection, process = {}} = object;
    const tls = connection.tls ?? {};
    const failure = tls.handshake_failed ? `handshake failed${tls.handshake_error ? `: ${tls.handshake_error}` : ""}`
                                         : tls.handshake_error ? `handshake ${tls.handshake_error}` : "";
    return {id: connection.id, at: microseconds(object.time), took: object.duration_us, process: process.comm ?? "",
            pid: process.pid ?? 0, role: connection.role, carrier: connection.carrier, transport: connection.transport,
            local: endpointText(connection.local), remote: endpointText(connection.remote), peer: peerText(connection),
            protocol: object.protocol ?? "", reason: object.reason, transactions: object.transactions,
            sent: object.sent.bytes, received: object.received.bytes, missing: object.sent.missing + object.received.missing,
            notDecoded: tls.not_decoded ?? "", handshake: failure, version: tls.version ?? "", line};
}

const KEPT = 64;  // transactions that stay read

export class Store {
    constructor() {
        /** @type {Row[]} */
        this.rows = [];
        /** @type {Map<string, number[]>} numbers of rows by connection */
        this.rowsOf = new Map();
        /** @type {Connection[]} */
        this.connections = [];
        /** @type {any[]} */
        this.losses = [];
        /** @type {any} */
        this.summary = null;
        this.continues = false;
        this.isWhole = false;
        /** @type {Map<number, any>} */
        this.read_ = new Map();
        this.reader = new LineReader({
            row: (row) => this.addRow(row),
            object: (object, line) => this.addObject(object, line),
            continues: () => { this.continues = true; },
        });
    }

    /** @param {Row} row */
    addRow(row) {
        this.rows.push(row);
        const others = this.rowsOf.get(row.connection);
        if (others) {
            others.push(row.number);
        } else {
            this.rowsOf.set(row.connection, [row.number]);
        }
    }

    /** @param {any} object @param {string} line */
    addObject(object, line) {
        if (object.type === "connection") {
            this.connections.push(connectionOf(object, line));
        } else if (object.type === "loss") {
            this.losses.push(object);
        } else if (object.type === "summary") {
            this.summary = object;
        }
    }

    /** The transaction of a row. @param {Row} row */
    transaction(row) {
        let object = this.read_.get(row.number);
        if (object === undefined) {
            object = this.parse(row);
            if (this.read_.size >= KEPT) {
                this.read_.delete([...this.read_.keys()][0]);
            }
            this.read_.set(row.number, object);
        }
        return object;
    }

    /** The same without keeping it. @param {Row} row */
    parse(row) {
        try {
            return JSON.parse(row.line);
        } catch {
            this.reader.damaged++;
            return {};
        }
    }
}

const ERRORS = new Set(["client_error", "server_error", "failed"]);

/** @param {Row} row */
export function isError(row) {
    return ERRORS.has(row.outcome);
}

/** "error", "warning" or "": how much an outcome should stand out. @param {Row} row */
export function tone(row) {
    if (row.outcome === "server_error" || row.outcome === "failed") {
        return "error";
    }
    return row.outcome === "client_error" || row.outcome === "unanswered" ? "warning" : "";
}

/** Microseconds until the end of an answer; undefined for messages, which have none, and for what was not answered. @param {Row} row */
export function latency(row) {
    return row.answered !== undefined && row.said !== undefined && row.got !== undefined && !row.pushed ? row.took : undefined;
}
