// What the page says of the whole capture, whatever is shown of it.
import {isFailure} from "./connections.mjs";
import {fill, h, setText} from "./dom.mjs";
import {lossTotals, warnings} from "./losses.mjs";
import {isError} from "./store.mjs";
import {calendarDay, clockTime, counted, humanDuration, printable, zoneName} from "./text.mjs";

/** @typedef {import("./store.mjs").Store} Store */
/** @typedef {import("./series.mjs").Range} Range */

export class Head {
    /** @param {HTMLElement} button at its end @param {() => void} openLosses */
    constructor(button, openLosses) {
        this.when = h("span.when");
        this.facts = h("span.facts");
        this.element = h("header.top", {}, h("strong.brand", {}, "sslsniff"), this.when, this.facts, h("span.grow"), button);
        this.told = h("span");
        this.banner = h("div.banner", {role: "alert", hidden: true}, this.told, h("button.link", {onclick: openLosses}, "what is missing"));
    }

    /** @param {Store} store @param {Range|null} range */
    update(store, range) {
        setText(this.when, range ? `${calendarDay(range.from)} ${clockTime(range.from, 0)} ${zoneName(range.from)}, ${humanDuration(range.to - range.from)}` : "");
        const errors = store.rows.filter(isError).length;
        const failures = store.connections.filter(isFailure).length;
        fill(this.facts, h("span", {}, counted(store.rows.length, "transaction")), h(`span${errors ? ".error" : ""}`, {}, counted(errors, "error")),
             failures ? h("span.error", {}, counted(failures, "failed connection")) : null,
             h("span", {}, counted(store.summary?.connections ?? store.connections.length, "connection")),
             store.summary?.processes ? h("span", {}, counted(store.summary.processes, "process")) : null,
             store.isWhole ? null : h("span", {}, "reading …"), store.continues ? h("span", {}, "goes on in the next file") : null);
        const troubles = warnings(store);
        this.banner.hidden = troubles.length === 0;
        setText(this.told, printable(troubles.join(" ")));
    }
}

/** What stands behind the name of a view: how many connections and losses there are. @param {Store} store @param {string} view */
export function badge(store, view) {
    if (view === "connections") {
        return store.connections.length;
    }
    return view === "losses" ? lossTotals(store).length + store.rows.filter((row) => row.incomplete).length : 0;
}
