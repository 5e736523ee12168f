// What is to be shown: the search field and the choices beside it.
import {fill, h, setText} from "./dom.mjs";
import {parseQuery} from "./query.mjs";
import {isError} from "./store.mjs";
import {printable} from "./text.mjs";

/** @typedef {import("./blocks.mjs").Row} Row */
/** @typedef {import("./series.mjs").Range} Range */

const CHOICES = 300;  // of protocols or processes; the others can be searched
const PAUSE = 120;  // milliseconds without a key after which a search begins
const HELP = `Words are looked for in everything: requests, answers, headers, bodies. "Several words" stand together.
name:text    contains, in any case            process:curl  path:/api  header:json  body:error
name=text    is                               method=POST  outcome=server_error  status=404
name>number  also < >= <= !=                  status>=500  took>100ms  time>=12:00:30  down>1M
-            in front: not                    -protocol:dns

Names: process pid peer role protocol said got outcome endpoint connection took up down tls incomplete time header body,
status method path url host ttfb command key statement user database name rcode sni alpn port, and every path of
docs/json.md: response.headers.content-type:json, grpc.service:Chat, connection.tls.version=TLSv1.2

Keys: / search, j k or arrows choose, Escape closes, 1 to 6 views, t colours`;

export class Controls {
    /** @param {() => void} changed */
    constructor(changed) {
        this.changed = changed;
        /** @type {Range|null} chosen elsewhere */
        this.time = null;
        this.pause = 0;
        this.query = /** @type {HTMLInputElement} */ (h("input.query", {
            type: "search", placeholder: "search, or status>=500 path:/api took>100ms", "aria-label": "search", spellcheck: "false", autocomplete: "off",
            oninput: () => {
                clearTimeout(this.pause);
                this.pause = setTimeout(changed, PAUSE);
            }}));
        this.help = h("pre.help", {hidden: true}, HELP);
        const question = h("button", {"aria-expanded": "false", title: "how to search", onclick: () => {
            this.help.hidden = !this.help.hidden;
            question.setAttribute("aria-expanded", String(!this.help.hidden));
        }}, "?");
        this.protocol = this.choice("protocol", "all protocols");
        this.process = this.choice("process", "all processes");
        this.errors = h("button.toggle", {"aria-pressed": "false", onclick: () => {
            this.errors.setAttribute("aria-pressed", String(!this.hasErrorsOnly()));
            changed();
        }}, "errors");
        this.reset = h("button", {hidden: true, onclick: () => {
            this.clear();
            changed();
        }}, "show all");
        this.count = h("span.count", {role: "status"});
        this.element = h("div.toolbar", {role: "search"}, this.query, question, this.protocol, this.process, this.errors, this.reset, this.count);
    }

    /** @param {string} name @param {string} all */
    choice(name, all) {
        return /** @type {HTMLSelectElement} */ (h("select", {"aria-label": name, onchange: () => this.changed()}, h("option", {value: ""}, all)));
    }

    hasErrorsOnly() {
        return this.errors.getAttribute("aria-pressed") === "true";
    }

    /** What can be chosen. @param {Row[]} rows */
    offer(rows) {
        const of = /** @type {[HTMLSelectElement, (row: Row) => string][]} */ ([[this.protocol, (row) => row.protocol],
                                                                               [this.process, (row) => row.process ?? ""]]);
        for (const [choice, get] of of) {
            /** @type {Map<string, number>} */
            const counts = new Map();
            for (const row of rows) {
                counts.set(get(row), (counts.get(get(row)) ?? 0) + 1);
            }
            const chosen = choice.value;
            const found = [...counts].filter(([name]) => name).sort((a, b) => b[1] - a[1]).slice(0, CHOICES);
            fill(choice, choice.firstChild, ...found.map(([name, count]) => h("option", {value: name}, `${printable(name)} (${count.toLocaleString("en")})`)));
            choice.value = chosen;
        }
    }

    /** The terms of the search field. */
    terms() {
        return parseQuery(this.query.value);
    }

    /** What is asked for besides. @returns {(row: Row) => boolean} */
    test() {
        const protocol = this.protocol.value;
        const process = this.process.value;
        const errorsOnly = this.hasErrorsOnly();
        const {time} = this;
        return (row) => (!protocol || row.protocol === protocol) && (!process || row.process === process) && (!errorsOnly || isError(row)) &&
                        (!time || (row.at !== undefined && row.at <= time.to && row.at + (row.took ?? 0) >= time.from));
    }

    isFiltering() {
        return Boolean(this.query.value.trim() || this.protocol.value || this.process.value || this.time || this.hasErrorsOnly());
    }

    clear() {
        this.query.value = this.protocol.value = this.process.value = "";
        this.errors.setAttribute("aria-pressed", "false");
        this.time = null;
    }

    /** @param {number} shown @param {number} all */
    tell(shown, all) {
        this.reset.hidden = !this.isFiltering();
        setText(this.count, this.isFiltering() ? `${shown.toLocaleString("en")} of ${all.toLocaleString("en")}` : "");
    }
}
