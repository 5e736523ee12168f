// The list of transactions, with a waterfall.
import {h, setText} from "./dom.mjs";
import {List, showText} from "./list.mjs";
import {percentile, sortNumbers} from "./series.mjs";
import {tone} from "./store.mjs";
import {clockTime, humanDuration, humanSize, printable} from "./text.mjs";

/** @typedef {import("./blocks.mjs").Row} Row */
/** @typedef {import("./series.mjs").Range} Range */

/** @param {Row} row */
function arrow(row) {
    return row.role === "server" ? "<" : row.role === "client" ? ">" : "-";
}

/** When the parts of a transaction passed, on a scale that all rows share. @param {HTMLElement} cell @param {Row} row @param {Range|null} scale */
function showFall(cell, row, scale) {
    if (!cell.firstChild) {
        cell.append(h("i.bar", {}, h("i.asking"), h("i.waiting"), h("i.answering")));
    }
    const bar = /** @type {HTMLElement} */ (cell.firstChild);
    bar.hidden = scale === null || row.at === undefined;
    if (scale === null || row.at === undefined) {
        return;
    }
    const span = scale.to - scale.from;
    const asked = row.asked ?? 0;
    const took = row.took ?? Math.max(asked, row.answered ?? 0);
    const answered = Math.max(row.answered ?? took, asked);
    bar.style.left = `${Math.max(0, Math.min(99.5, 100 * (row.at - scale.from) / span))}%`;
    bar.style.width = `${Math.min(100, 100 * took / span)}%`;
    const parts = took ? [asked, answered - asked, took - answered] : [0, 0, 1];
    bar.childNodes.forEach((part, i) => { /** @type {HTMLElement} */ (part).style.flexGrow = String(Math.max(0, parts[i])); });
}

/**
 * The time of a waterfall: what is in sight, so that it tells something of a long capture, too. One that takes much longer than the others
 * does not squeeze them; its bar is cut off.
 * @param {Row[]} rows
 * @returns {Range|null}
 */
export function scaleOf(rows) {
    const timed = rows.filter((row) => row.at !== undefined);
    if (!timed.length) {
        return null;
    }
    const starts = sortNumbers(timed.map((row) => /** @type {number} */ (row.at)));
    const ends = sortNumbers(timed.map((row) => /** @type {number} */ (row.at) + (row.took ?? 0)));
    const [from, last] = [starts[0], starts[starts.length - 1]];
    return {from, to: Math.max(last + (last - from) / 20, /** @type {number} */ (percentile(ends, 0.9)), from + 1)};
}

/** @param {(row: Row) => void} open @returns {List<Row>} */
export function transactionList(open) {
    /** @type {Range|null} */
    let scale = null;
    const list = new List("transactions", [
        {name: "time", title: "Began", key: (row) => row.at, show: (cell, row) => showText(cell, clockTime(row.at))},
        {name: "process", title: "Process", key: (row) => row.process,
         show: (cell, row) => showText(cell, printable(row.process ? `${row.process}[${row.pid}]` : "?"))},
        {name: "peer", title: "Peer", hint: "> the process asks, < it is asked", key: (row) => row.peer, show: (cell, row) => {
            const text = printable(`${arrow(row)} ${row.peer ?? "?"}`);
            showText(cell, text, text);
        }},
        {name: "protocol", title: "Protocol", key: (row) => row.protocol, show: (cell, row) => {
            showText(cell, printable(row.protocol), row.tls ? "over TLS" : "in cleartext");
            cell.classList.toggle("clear", !row.tls);
        }},
        {name: "said", title: "Request", key: (row) => row.said ?? "",
         show: (cell, row) => showText(cell, printable(row.said ?? (row.pushed ? "" : "?")), printable(row.said ?? ""))},
        {name: "got", title: "Response", key: (row) => row.got ?? "", show: (cell, row) => {
            const text = printable(row.got ?? "");
            showText(cell, row.got === undefined ? (row.incomplete ? "–" : "") : row.pushed ? `← ${text}` : text, text);
        }},
        // A message that came in one piece took no time.
        {name: "number", title: "Took", key: (row) => row.took, isLargestFirst: true, show: (cell, row) => showText(cell, row.took ? humanDuration(row.took) : "")},
        {name: "number.size", title: "Size", hint: "payload of both sides", key: (row) => row.up + row.down, isLargestFirst: true,
         show: (cell, row) => showText(cell, humanSize(row.up + row.down), `↑${row.up} ↓${row.down} bytes`)},
        {name: "fall", title: "Waterfall", hint: "the time of the rows in sight", show: (cell, row) => showFall(cell, row, scale)},
    ], open, (row) => `${tone(row)}${row.incomplete ? " incomplete" : ""}`);
    const time = h("span");
    list.head.lastElementChild?.replaceChildren(h("span.fallname", {}, "Waterfall "), time);
    list.onsight = (rows) => {
        scale = scaleOf(rows);
        setText(time, scale ? humanDuration(scale.to - scale.from) : "");
    };
    return list;
}
