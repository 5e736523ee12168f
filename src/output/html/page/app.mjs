// The page: what is shown, and what follows from what.
import {readBlocks} from "./blocks.mjs";
import {connectionList, connectionMatches, isFailure} from "./connections.mjs";
import {Controls} from "./controls.mjs";
import {connectionView, transactionView} from "./detail.mjs";
import {fill, h, setText} from "./dom.mjs";
import {badge, Head} from "./head.mjs";
import {lossesView, warnings} from "./losses.mjs";
import {Overview} from "./overview.mjs";
import {exactly, matcher} from "./query.mjs";
import {groups, rangeOf} from "./series.mjs";
import {servicesView} from "./services.mjs";
import {chartsView, endpointList} from "./statistics.mjs";
import {Store} from "./store.mjs";
import {Theme} from "./theme.mjs";
import {printable} from "./text.mjs";
import {transactionList} from "./transactions.mjs";

/** @typedef {import("./blocks.mjs").Row} Row */
/** @typedef {import("./series.mjs").Range} Range */
/** @typedef {import("./store.mjs").Connection} Connection */
/** @typedef {typeof VIEWS[number]} View */

const SEARCH_SLICE = 30;  // milliseconds of searching between which the page can do other things
const REFRESH = 300;  // milliseconds between two looks at a page that is still being read
const SMALLEST = 260;  // pixels of either side of the splitter
const VIEWS = /** @type {const} */ (["transactions", "charts", "endpoints", "services", "connections", "losses"]);

/** @param {string} view */
function titleOf(view) {
    return view[0].toUpperCase() + view.slice(1);
}

class App {
    constructor() {
        this.store = new Store();
        /** @type {Row[]} */
        this.shown = [];
        /** @type {Row[]} the same, as the list is sorted */
        this.inOrder = [];
        /** @type {Range|null} */
        this.whole = null;
        /** @type {View} */
        this.view = "transactions";
        this.searches = 0;
        this.lastRefresh = -Infinity;
        this.frame = 0;
        this.controls = new Controls(() => this.apply());
        this.overview = new Overview((range) => this.chooseTime(range));
        this.theme = new Theme();
        this.head = new Head(this.theme.button, () => this.show("losses"));
        this.list = transactionList((row) => this.openRow(row));
        this.list.onsort = () => {
            this.inOrder = this.list.sorted(this.shown);
            this.list.show(this.inOrder);
        };
        this.endpoints = endpointList((group) => this.addTerms([["endpoint", group.name], ["process", group.process], ["peer", group.peer],
                                                                ["protocol", group.protocol]]));
        this.endpoints.onsort = () => this.draw();
        this.connections = connectionList((connection) => this.openDetail(connectionView(connection, this.actions())));
        this.connections.onsort = () => this.draw();
        this.charts = h("div.scroll");
        this.services = h("div.scroll");
        this.losses = h("div.scroll");
        /** @type {Record<View, HTMLElement>} */
        this.places = {transactions: this.list.element, charts: this.charts, endpoints: this.endpoints.element, services: this.services,
                       connections: this.connections.element, losses: this.losses};
        this.tabs = VIEWS.map((view) => h("button.tab", {role: "tab", "data-view": view, onclick: () => this.show(view)}, titleOf(view)));
        this.stage = h("main.stage", {}, Object.values(this.places));
        this.detail = h("aside.detail", {hidden: true, "aria-label": "details"});
        this.splitter = h("div.splitter", {hidden: true, role: "separator", "aria-orientation": "vertical"});
        this.splitter.addEventListener("pointerdown", (event) => this.split(event));
        this.place();
        document.addEventListener("keydown", (event) => this.key(event));
    }

    place() {
        document.body.append(this.head.element, this.head.banner, this.controls.element, this.controls.help, this.overview.element,
                             h("nav.tabs", {role: "tablist"}, this.tabs), h("div.work", {}, this.stage, this.splitter, this.detail));
        this.markView();
        new ResizeObserver(() => {
            cancelAnimationFrame(this.frame);
            this.frame = requestAnimationFrame(() => this.draw());
        }).observe(this.stage);
    }

    /** More was read. @param {boolean} isWhole */
    progress(isWhole) {
        const {store} = this;
        const now = performance.now();
        store.isWhole = isWhole;
        if (!isWhole && now - this.lastRefresh < REFRESH) {
            return;
        }
        this.lastRefresh = now;
        this.whole = rangeOf(store.rows);
        this.controls.offer(store.rows);
        this.head.update(store, this.whole);
        this.markView();
        this.apply();
        if (isWhole) {
            if (!store.rows.length && store.connections.length) {
                this.show("connections");
            }
            document.documentElement.dataset.ready = "true";
        }
    }

    /** Finds what is to be shown, in slices; a later search ends an earlier one. */
    apply() {
        const number = ++this.searches;
        const {rows} = this.store;
        const quick = this.controls.test();
        const terms = this.controls.terms();
        const slow = matcher(terms, (row) => this.store.parse(row));
        /** @type {Row[]} */
        const found = [];
        let at = 0;
        const step = () => {
            if (number !== this.searches) {
                return;
            }
            const end = performance.now() + SEARCH_SLICE;
            for (; at < rows.length; at++) {
                if (at % 64 === 63 && performance.now() > end) {
                    break;
                }
                if (quick(rows[at]) && (terms.length === 0 || slow(rows[at]))) {
                    found.push(rows[at]);
                }
            }
            if (at < rows.length) {
                setText(this.controls.count, `searching ${Math.round(100 * at / rows.length)}%`);
                setTimeout(step, 0);
                return;
            }
            this.shown = found;
            this.inOrder = this.list.sorted(found);
            this.controls.tell(found.length, rows.length);
            this.draw();
        };
        step();
    }

    draw() {
        const {store, shown, controls} = this;
        this.overview.draw(shown, this.whole, controls.time);
        switch (this.view) {
            case "transactions":
                this.list.show(this.inOrder);
                break;
            case "charts":
                fill(this.charts, chartsView(shown, controls.time ?? (controls.isFiltering() ? rangeOf(shown) : this.whole), this.charts.clientWidth - 32,
                                             (range) => this.chooseTime(range), (text) => this.addQuery(text)));
                break;
            case "endpoints":
                this.endpoints.show(this.endpoints.sorted(groups(shown)));
                break;
            case "services":
                fill(this.services, servicesView(store, shown, (terms) => this.addTerms(terms)));
                break;
            case "connections":
                this.connections.show(this.connections.sorted(this.shownConnections()));
                break;
            case "losses":
                fill(this.losses, lossesView(store, {query: (text) => this.setQuery(text), connections: (text) => this.setQuery(text, "connections")}));
                break;
        }
    }

    /** Those with a transaction that is shown, or which are found themselves. */
    shownConnections() {
        const {connections} = this.store;
        if (!this.controls.isFiltering()) {
            return connections;
        }
        const ids = new Set(this.shown.map((row) => row.connection));
        const text = this.controls.query.value.trim().toLowerCase();
        const isFound = text ? (/** @type {Connection} */ c) => connectionMatches(c, text) : this.controls.hasErrorsOnly() ? isFailure : () => false;
        return connections.filter((connection) => ids.has(connection.id) || isFound(connection));
    }

    /** @param {View} view */
    show(view) {
        if (this.view !== view) {
            this.view = view;
            this.closeDetail();
        }
        this.markView();
        this.draw();
    }

    markView() {
        for (const view of VIEWS) {
            this.places[view].hidden = view !== this.view;
        }
        for (const tab of this.tabs) {
            const view = /** @type {View} */ (tab.dataset.view);
            const count = badge(this.store, view);
            setText(tab, count ? `${titleOf(view)} ${count.toLocaleString("en")}` : titleOf(view));
            tab.classList.toggle("bad", view === "losses" && warnings(this.store).length > 0);
            tab.setAttribute("aria-selected", String(view === this.view));
        }
    }

    /** @param {Range|null} range */
    chooseTime(range) {
        this.controls.time = range;
        this.apply();
    }

    /** @param {string} text @param {View} [view] */
    setQuery(text, view = "transactions") {
        this.controls.query.value = text;
        this.view = view;
        this.markView();
        this.apply();
    }

    /** @param {string} text */
    addQuery(text) {
        this.setQuery(`${this.controls.query.value.trim()} ${text}`.trim());
    }

    /** Fields and the values that they are to have; those without a value are left out. @param {[string, string][]} terms */
    addTerms(terms) {
        this.addQuery(terms.filter(([, value]) => value).map(([field, value]) => exactly(field, value)).join(" "));
    }

    /** What details can ask for. */
    actions() {
        return {open: (/** @type {Row} */ row) => this.openRow(row),
                filter: (/** @type {string} */ field, /** @type {string} */ value) => {
                    this.controls.clear();
                    this.setQuery(exactly(field, value));
                }};
    }

    /** @param {Row} row */
    openRow(row) {
        this.openDetail(this.viewOf(row));
        const index = this.list.items.indexOf(row);
        if (index >= 0 && index !== this.list.current) {
            this.list.current = index;
            this.list.reveal(index);
            this.list.draw();
        }
    }

    /** All of a transaction; its JSON alone when it is of a form that this page does not know. @param {Row} row */
    viewOf(row) {
        try {
            return transactionView(this.store, row, this.actions());
        } catch (error) {
            return h("article", {}, h("p.alert", {}, `This page cannot show it otherwise: ${error}`), h("pre.body", {}, printable(row.line)));
        }
    }

    /** @param {HTMLElement} content */
    openDetail(content) {
        fill(this.detail, h("button.close", {title: "close (Escape)", "aria-label": "close", onclick: () => this.closeDetail()}, "×"), content);
        this.detail.scrollTop = 0;
        this.detail.hidden = this.splitter.hidden = false;
    }

    closeDetail() {
        this.detail.hidden = this.splitter.hidden = true;
        this.detail.replaceChildren();
        this.list.clear();
        this.connections.clear();
    }

    /** @param {PointerEvent} event */
    split(event) {
        event.preventDefault();
        const move = (/** @type {PointerEvent} */ at) => {
            this.detail.style.width = `${Math.max(SMALLEST, Math.min(window.innerWidth - SMALLEST, window.innerWidth - at.clientX))}px`;
        };
        const end = () => {
            window.removeEventListener("pointermove", move);
            window.removeEventListener("pointerup", end);
        };
        window.addEventListener("pointermove", move);
        window.addEventListener("pointerup", end);
    }

    /** Of a key within a field. @param {KeyboardEvent} event */
    keyInField(event) {
        if (event.key === "Escape") {
            const {query} = this.controls;
            if (event.target === query && query.value) {
                query.value = "";
                this.apply();
            }
            /** @type {HTMLElement} */ (event.target).blur();
        }
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) {
            this.keyInField(event);
            return;
        }
        if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) {
            return;
        }
        const number = Number(event.key);
        if (event.key === "Escape") {
            this.closeDetail();
        } else if (event.key === "/") {
            event.preventDefault();
            this.controls.query.focus();
            this.controls.query.select();
        } else if (number >= 1 && number <= VIEWS.length) {
            this.show(VIEWS[number - 1]);
        } else if (event.key === "t") {
            this.theme.next();
        } else if (!this.detail.contains(/** @type {Node} */ (event.target))) {
            const list = this.view === "transactions" ? this.list : this.view === "endpoints" ? this.endpoints : this.view === "connections" ? this.connections : null;
            list?.key(event);
        }
    }
}

const app = new App();
readBlocks(app.store.reader, (isWhole) => app.progress(isWhole));
