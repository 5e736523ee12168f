// Connections: who, how long, how much, and how they ended.
import {List, showText} from "./list.mjs";
import {clockTime, humanDuration, humanSize, printable} from "./text.mjs";

/** @typedef {import("./store.mjs").Connection} Connection */

/** Why a connection deserves a look; "" when nothing is odd. @param {Connection} connection */
export function trouble(connection) {
    if (connection.handshake) {
        return connection.handshake;
    }
    if (connection.notDecoded) {
        return `not decoded: ${connection.notDecoded}`;
    }
    if (connection.reason === "refused" || connection.reason === "timed_out") {
        return connection.reason === "refused" ? "connection refused" : "connection timed out";
    }
    if (connection.missing) {
        return `${humanSize(connection.missing)} not captured`;
    }
    if (connection.transactions === 0 && connection.sent + connection.received > 0) {
        return connection.protocol ? "no transaction" : "unknown protocol";
    }
    return connection.reason === "reset" ? "reset" : "";
}

/** @param {Connection} connection */
export function isFailure(connection) {
    return connection.handshake !== "" || connection.reason === "refused" || connection.reason === "timed_out";
}

/** Whether a text is in what the list shows of it. @param {Connection} connection @param {string} text in lower case */
export function connectionMatches(connection, text) {
    return [connection.process, connection.peer, connection.local, connection.remote, connection.protocol, connection.version, connection.id,
            connection.carrier, connection.reason, trouble(connection)].some((value) => value.toLowerCase().includes(text));
}

/** @param {(connection: Connection) => void} open @returns {List<Connection>} */
export function connectionList(open) {
    return new List("connections", [
        {name: "time", title: "Opened", key: (c) => c.at, show: (cell, c) => showText(cell, clockTime(c.at))},
        {name: "process", title: "Process", key: (c) => c.process, show: (cell, c) => showText(cell, printable(c.process ? `${c.process}[${c.pid}]` : "?"))},
        {name: "peer", title: "Peer", key: (c) => c.peer, show: (cell, c) => {
            const text = `${c.role === "server" ? "<" : ">"} ${printable(c.peer || "?")}`;
            showText(cell, text, `${c.local || "?"} ${c.role === "server" ? "<" : ">"} ${c.remote || "?"}`);
        }},
        {name: "protocol", title: "Carrier", key: (c) => c.version || c.carrier, show: (cell, c) => showText(cell, printable(c.version || (c.carrier === "tls" ? "TLS" : c.carrier)))},
        {name: "protocol", title: "Protocol", key: (c) => c.protocol, show: (cell, c) => showText(cell, printable(c.protocol || "–"))},
        {name: "number", title: "Count", hint: "transactions", key: (c) => c.transactions, isLargestFirst: true, show: (cell, c) => showText(cell, String(c.transactions))},
        {name: "number", title: "Sent", key: (c) => c.sent, isLargestFirst: true, show: (cell, c) => showText(cell, humanSize(c.sent))},
        {name: "number", title: "Received", key: (c) => c.received, isLargestFirst: true, show: (cell, c) => showText(cell, humanSize(c.received))},
        {name: "number", title: "Took", key: (c) => c.took, isLargestFirst: true, show: (cell, c) => showText(cell, humanDuration(c.took))},
        {name: "protocol", title: "End", key: (c) => c.reason, show: (cell, c) => showText(cell, printable(c.reason.replace(/_/g, " ")))},
        {name: "said", title: "Remark", key: (c) => trouble(c) || undefined, show: (cell, c) => showText(cell, printable(trouble(c)), printable(trouble(c)))},
    ], open, (c) => (isFailure(c) ? "error" : trouble(c) ? "warning" : ""));
}
