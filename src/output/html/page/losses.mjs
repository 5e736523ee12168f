// What is not in this report although it happened.
import {h} from "./dom.mjs";
import {trouble} from "./connections.mjs";
import {clockTime, counted, printable} from "./text.mjs";

/** @typedef {import("./store.mjs").Store} Store */

/** Where it was lost, and what helps (docs/json.md, section "loss"). @type {Record<string, string>} */
const CAUSES = {
    ring_full: "sslsniff did not keep up: the buffer between kernel and sslsniff was full (a larger --buffer-size helps)",
    fault: "memory of the process was not readable",
    snaplen: "beyond the snap length, on purpose (-s)",
    map_full: "a table in the kernel was full",
    frame_limit: "TLS calls were nested too deeply",
    no_buffer: "moved without a buffer of the process: sendfile, splice, io_uring, MSG_TRUNC",
    connection_limit: "too many connections were open at once",
    memory_limit: "all of them together held more than --max-memory",
    missed: "the kernel passed over runs of capture programs",
    unknown: "for an unknown cause",
};

/** @param {{cause: string, events: number, bytes: number}} loss */
export function lossText({cause, events, bytes}) {
    const why = CAUSES[cause] ?? cause;
    if (cause === "connection_limit") {
        return `${counted(events, "connection")} given up: ${why}`;
    }
    if (cause === "memory_limit") {
        return `${counted(events, "exchange")} given up, ${counted(bytes, "byte")} of memory: ${why}`;
    }
    if (cause === "missed") {
        return `${counted(events, "run")} of capture programs missed: ${why}`;
    }
    const what = bytes === 0 ? counted(events, "event") : events === 0 ? counted(bytes, "byte") : `${counted(events, "event")}, ${counted(bytes, "byte")}`;
    return `${what} lost: ${why}`;
}

/** Losses by cause: those of the summary, else the sum of what was told on the way. @param {Store} store @returns {{cause: string, events: number, bytes: number}[]} */
export function lossTotals(store) {
    if (store.summary) {
        return store.summary.losses;
    }
    /** @type {Map<string, {cause: string, events: number, bytes: number}>} */
    const sums = new Map();
    for (const {cause, events, bytes} of store.losses) {
        const sum = sums.get(cause) ?? {cause, events: 0, bytes: 0};
        sums.set(cause, {cause, events: sum.events + events, bytes: sum.bytes + bytes});
    }
    return [...sums.values()];
}

/** What readers must know before they trust the rest: a sentence each. @param {Store} store @returns {string[]} */
export function warnings(store) {
    const found = [];
    if (store.isWhole && !store.summary && !store.continues) {
        found.push("The capture was cut off: this page has all that had been written, but no totals.");
    }
    if (store.reader.damaged) {
        found.push(`${counted(store.reader.damaged, "line")} of this page could not be read.`);
    }
    found.push(...lossTotals(store).map((loss) => `${lossText(loss)}.`));
    if (store.summary?.missing_bytes) {
        found.push(`${counted(store.summary.missing_bytes, "byte")} missing in the streams.`);
    }
    return found;
}

/** How often each text occurs, most often first. @param {Iterable<string>} texts @returns {[string, number][]} */
function tally(texts) {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const text of texts) {
        counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]);
}

/** @param {string} title @param {string} nothing @param {(Node|null)[]} content */
function part(title, nothing, content) {
    return h("section.figure", {}, h("h2", {}, title), content.length ? content : h("p.note", {}, nothing));
}

/** @param {[string, number][]} rows @param {(text: string) => void} [open] */
function countTable(rows, open) {
    return h("table.fields", {}, h("tbody", {}, rows.slice(0, 100).map(([text, count]) => h("tr", {}, h("th.number", {scope: "row"}, count.toLocaleString("en")),
        h("td", {}, open ? h("button.link", {onclick: () => open(text)}, printable(text)) : printable(text))))));
}

/**
 * @param {Store} store
 * @param {{query: (text: string) => void, connections: (text: string) => void}} actions
 */
export function lossesView(store, actions) {
    const summary = store.summary;
    const incomplete = store.rows.filter((row) => row.incomplete);
    const reasons = tally(incomplete.map((row) => store.parse(row).integrity?.reason ?? "incomplete"));
    const undecoded = tally(store.connections.filter((c) => c.notDecoded).map((c) => c.notDecoded));
    const odd = tally(store.connections.filter((c) => !c.notDecoded && trouble(c)).map((c) => trouble(c).replace(/^[\d.]+[kMGT]? not/, "some bytes not")));
    const losses = lossTotals(store);
    return h("div.figures", {},
        part("Lost on the way", "Nothing was lost.", [
            ...warnings(store).map((text) => h("p.alert", {}, printable(text))),
            store.losses.length ? h("details.section", {}, h("summary", {}, `when (${store.losses.length})`), h("table.fields", {}, h("tbody", {},
                store.losses.slice(0, 500).map((loss) => h("tr", {}, h("th", {scope: "row"}, printable(String(loss.time ?? "").slice(11, 26))), h("td", {}, printable(lossText(loss)))))))) : null,
        ].filter((node) => node !== null)),
        part("Transactions of which something is missing", "Every transaction was seen whole.", reasons.length ? [
            countTable(reasons, (text) => actions.query(`incomplete=true "${text.replace(/"/g, "")}"`))] : []),
        part("Connections that are not decoded", "Every connection with TLS was decoded.", undecoded.length ? [
            countTable(undecoded, (text) => actions.connections(text))] : []),
        part("Other connections with a remark", "There are none.", odd.length ? [countTable(odd, (text) => actions.connections(text.replace(/^some bytes /, "")))] : []),
        summary ? part("Totals", "", [h("dl.tree", {}, [
            ["transactions", summary.filtered_from === undefined ? summary.transactions : `${summary.transactions} of ${summary.filtered_from}: the rest was left out by a filter`],
            ["connections", summary.connections], ["of these, socket not found", summary.unbound_connections || undefined], ["processes", summary.processes],
            ["bytes sent", summary.bytes_sent], ["bytes received", summary.bytes_received], ["bytes missing", summary.missing_bytes],
            ["events lost", losses.reduce((sum, loss) => sum + loss.events, 0)],
            ["began", summary.time ?? clockTime(undefined)],
        ].filter(([, value]) => value !== undefined).flatMap(([name, value]) => [h("dt", {}, String(name)), h("dd", {}, typeof value === "number" ? value.toLocaleString("en") : printable(value))]))]) : null);
}
