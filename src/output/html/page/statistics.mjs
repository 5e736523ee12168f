// Charts of what is shown, and a table of endpoints.
import {h} from "./dom.mjs";
import {bars, figure, frame, line, nameAxis, timeAxis} from "./chart.mjs";
import {List, showText} from "./list.mjs";
import {countsOver, histogram, percentile, percentilesOver, sortNumbers} from "./series.mjs";
import {latency} from "./store.mjs";
import {clockTime, counted, humanDuration, humanSize, printable} from "./text.mjs";

/** @typedef {import("./blocks.mjs").Row} Row */
/** @typedef {import("./series.mjs").Range} Range */
/** @typedef {import("./series.mjs").Group} Group */

const CHART_HEIGHT = 200;
const CHART_PART = 9;  // pixels of a part of the time
const PERCENTILES = ["p50", "p90", "p99"];

/** Highest of what is there. @param {(number|undefined)[]} values */
function highest(values) {
    return values.reduce((/** @type {number} */ most, value) => Math.max(most, value ?? 0), 0);
}

/** The charts. @param {Row[]} rows @param {Range|null} range @param {number} width @param {(range: Range) => void} chooseTime @param {(query: string) => void} addQuery */
export function chartsView(rows, range, width, chooseTime, addQuery) {
    if (!rows.length || !range) {
        return h("p.empty", {}, "Nothing to count.");
    }
    const values = sortNumbers(/** @type {number[]} */ (rows.map(latency).filter((took) => took !== undefined)));
    const wide = width > 900 ? Math.floor((width - 24) / 2) : width;
    const parts = Math.max(1, Math.floor(wide / CHART_PART));
    const span = (range.to - range.from) / parts;
    const partOf = (/** @type {number} */ i) => ({from: range.from + i * span, to: range.from + (i + 1) * span});

    const counts = countsOver(rows, range, parts);
    const rate = frame("transactions over time, with errors", wide, CHART_HEIGHT, highest(counts.all), humanSize);
    const told = (/** @type {number} */ i) => `${clockTime(Math.round(partOf(i).from))}: ${counted(counts.all[i], "transaction")}, ${counted(counts.errors[i], "error")}`;
    bars(rate, counts.all, "rate", told, (i) => chooseTime(partOf(i)));
    bars(rate, counts.errors, "errors", told, (i) => chooseTime(partOf(i)));
    timeAxis(rate, range);
    const found = [figure("Transactions and errors over time", `each bar is ${humanDuration(span)}`, rate.svg, [["rate", "transactions"], ["errors", "errors"]])];

    if (values.length) {
        const lines = percentilesOver(rows, range, parts);
        const over = frame("percentiles of latency over time", wide, CHART_HEIGHT, highest(lines[2]), humanDuration, values[0]);
        lines.forEach((of, i) => line(over, of, PERCENTILES[i]));
        timeAxis(over, range);
        found.push(figure("Latency over time", `from the first byte of a request to the last of its answer; each point is ${humanDuration(span)}`, over.svg,
                          /** @type {[string, string][]} */ (PERCENTILES.map((name) => [name, name]))));
        const buckets = histogram(values);
        const heights = frame("histogram of latency", wide, CHART_HEIGHT, highest(buckets.map((bucket) => bucket.count)), humanSize);
        bars(heights, buckets.map((bucket) => bucket.count), "rate",
             (i) => `${humanDuration(buckets[i].from)} to ${humanDuration(buckets[i].to)}: ${counted(buckets[i].count, "transaction")}`,
             (i) => addQuery(`took>=${Math.round(buckets[i].from)}us took<${Math.round(buckets[i].to)}us`));
        nameAxis(heights, buckets.map((bucket) => humanDuration(bucket.from)));
        const marks = [0.5, 0.9, 0.99].map((part, i) => `${PERCENTILES[i]} ${humanDuration(percentile(values, part))}`).join(", ");
        found.push(figure("Latency", `${counted(values.length, "answered request")}: ${marks}, longest ${humanDuration(values[values.length - 1])}`, heights.svg));
    }
    /** @type {Map<string, number>} */
    const outcomes = new Map();
    for (const row of rows) {
        outcomes.set(row.outcome, (outcomes.get(row.outcome) ?? 0) + 1);
    }
    const most = Math.max(...outcomes.values());
    found.push(h("section.figure", {}, h("h2", {}, "Outcomes"), h("p.note", {}, "as the client sees them"), h("div.outcomes", {},
        [...outcomes].sort((a, b) => b[1] - a[1]).map(([outcome, count]) => {
            const bar = h(`i.outcome-${outcome}`);
            bar.style.width = `${Math.max(0.5, 100 * count / most)}%`;
            return h("button.outcomerow", {onclick: () => addQuery(`outcome=${outcome}`)}, h("span.name", {}, printable(outcome.replace("_", " "))),
                     h("span.track", {}, bar), h("span.count", {}, count.toLocaleString("en")));
        }))));
    return h("div.figures", {}, found);
}

/** A list of endpoints with how often, how fast, how bad. @param {(group: Group) => void} open @returns {List<Group>} */
export function endpointList(open) {
    const number = (/** @type {keyof Group} */ key) => ({
        key: (/** @type {Group} */ group) => /** @type {number|undefined} */ (group[key]), isLargestFirst: true});
    const duration = (/** @type {keyof Group} */ key, /** @type {string} */ title) => ({
        name: "number", title, ...number(key),
        show: (/** @type {HTMLElement} */ cell, /** @type {Group} */ group) => showText(cell, humanDuration(/** @type {number|undefined} */ (group[key])))});
    return new List("endpoints", [
        {name: "number", title: "Count", ...number("count"), show: (cell, group) => showText(cell, group.count.toLocaleString("en"))},
        {name: "number", title: "Errors", ...number("errors"), show: (cell, group) => {
            showText(cell, group.errors ? `${group.errors} (${Math.max(1, Math.round(100 * group.errors / group.count))}%)` : "");
        }},
        duration("median", "p50"), duration("p90", "p90"), duration("p99", "p99"),
        {...duration("total", "Total"), hint: "all of them together"},
        {name: "process", title: "Process", key: (group) => group.process, show: (cell, group) => showText(cell, printable(group.process))},
        {name: "peer", title: "Peer", key: (group) => group.peer, show: (cell, group) => {
            const text = group.peer ? `> ${printable(group.peer)}` : "< is asked";
            showText(cell, text, text);
        }},
        {name: "protocol", title: "Protocol", key: (group) => group.protocol, show: (cell, group) => showText(cell, printable(group.protocol))},
        {name: "said", title: "Endpoint", hint: "{n}, {uuid}, {hex}, {id}: what differs from request to request", key: (group) => group.name,
         show: (cell, group) => showText(cell, printable(group.name), printable(group.name))},
    ], open, (group) => (group.errors ? "some" : ""));
}

