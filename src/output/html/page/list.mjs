// A list of which only the rows in sight are elements.
import {h, setText} from "./dom.mjs";

/**
 * @template T
 * @typedef {object} Column
 * @property {string} name
 * @property {string} title
 * @property {string} [hint]
 * @property {(item: T) => string|number|undefined} [key] what to sort by
 * @property {boolean} [isLargestFirst] when it is sorted by this column
 * @property {(cell: HTMLElement, item: T) => void} show
 */

const ROW_HEIGHT = 26;  // pixels, as in page.css
const MARGIN = 8;  // rows that are ready above and below
const TALLEST = 8e6;  // pixels that every browser can scroll

/** @template T */
export class List {
    /**
     * @param {string} name a class for it and its columns, and what it is called
     * @param {Column<T>[]} columns
     * @param {(item: T) => void} open called when a row is chosen
     * @param {(item: T) => string} [style] a class of a row
     */
    constructor(name, columns, open, style = () => "") {
        this.columns = columns;
        this.open = open;
        this.style = style;
        /** @type {T[]} */
        this.items = [];
        this.current = -1;
        this.sorting = {column: 0, isDescending: columns[0].isLargestFirst === true};
        /** @type {{row: HTMLElement, cells: HTMLElement[]}[]} */
        this.pool = [];
        this.head = h("div.head", {role: "row"}, columns.map((column, i) => h(`div.cell.${column.name}`, {
            role: "columnheader", title: column.hint ?? false, tabindex: column.key ? 0 : false,
            onclick: () => this.sortBy(i), onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && this.sortBy(i),
        }, column.title)));
        this.space = h("div.space");
        this.body = h("div.body", {
            tabindex: 0, role: "rowgroup", "aria-label": name, onscroll: () => this.later(),
            onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
        }, this.space);
        this.element = h(`div.list.${name}`, {role: "grid"}, this.head, this.body);
        this.waiting = false;
        this.onsort = () => {};
        /** Called with the rows in sight before they are shown. @type {(items: T[]) => void} */
        this.onsight = () => {};
        new ResizeObserver(() => this.draw()).observe(this.body);
    }

    /** In the order in which they are to be shown. @param {T[]} items */
    show(items) {
        const chosen = this.items[this.current];
        this.items = items;
        this.current = chosen === undefined ? -1 : items.indexOf(chosen);
        this.element.setAttribute("aria-rowcount", String(items.length));
        this.draw();
    }

    /** Rows sorted by the column that was chosen; equal ones stay in their order. @param {T[]} items */
    sorted(items) {
        const {key} = this.columns[this.sorting.column];
        if (!key) {
            return items;
        }
        const turn = this.sorting.isDescending ? -1 : 1;
        const keyed = items.map((item) => ({item, key: key(item)}));
        keyed.sort((a, b) => {
            if (a.key === undefined || b.key === undefined) {
                return a.key === b.key ? 0 : a.key === undefined ? 1 : -1;
            }
            return a.key < b.key ? -turn : a.key > b.key ? turn : 0;
        });
        return keyed.map((entry) => entry.item);
    }

    /** @param {number} column */
    sortBy(column) {
        if (this.columns[column].key) {
            const isSame = this.sorting.column === column;
            this.sorting = {column, isDescending: isSame ? !this.sorting.isDescending : this.columns[column].isLargestFirst === true};
            this.onsort();
        }
    }

    /** Chooses a row as clicks and keys do. @param {number} index */
    choose(index) {
        if (index < 0 || index >= this.items.length) {
            return;
        }
        this.current = index;
        this.reveal(index);
        this.draw();
        this.open(this.items[index]);
    }

    /** Nothing is chosen. */
    clear() {
        this.current = -1;
        this.draw();
    }

    /** @param {number} index */
    reveal(index) {
        const sight = this.sight();
        if (sight.scale > 1) {
            if (index < sight.first || index >= sight.first + sight.fit - 1) {
                this.body.scrollTop = index * ROW_HEIGHT / sight.scale;
            }
        } else if (index * ROW_HEIGHT < this.body.scrollTop) {
            this.body.scrollTop = index * ROW_HEIGHT;
        } else if ((index + 1) * ROW_HEIGHT > this.body.scrollTop + this.body.clientHeight) {
            this.body.scrollTop = (index + 1) * ROW_HEIGHT - this.body.clientHeight;
        }
    }

    /** Which rows are in sight; `scale`: how many pixels of rows a pixel of the scroll bar stands for. */
    sight() {
        const whole = this.items.length * ROW_HEIGHT;
        const height = this.body.clientHeight;
        const scale = whole > TALLEST ? (whole - height) / (TALLEST - height) : 1;
        const first = Math.floor(this.body.scrollTop * scale / ROW_HEIGHT);
        return {whole, scale, first, fit: Math.ceil(height / ROW_HEIGHT) + 1};
    }

    later() {
        if (!this.waiting) {
            this.waiting = true;
            requestAnimationFrame(() => {
                this.waiting = false;
                this.draw();
            });
        }
    }

    draw() {
        if (this.body.clientHeight === 0) {
            return;  // not in sight
        }
        this.space.style.height = `${Math.min(this.items.length * ROW_HEIGHT, TALLEST)}px`;
        const {scale, first, fit} = this.sight();
        const from = Math.max(0, first - MARGIN);
        const to = Math.min(this.items.length, first + fit + MARGIN);
        this.onsight(this.items.slice(first, first + fit));
        const shift = this.body.scrollTop - this.body.scrollTop * scale;
        while (this.pool.length < to - from) {
            this.pool.push(this.makeRow());
        }
        this.pool.forEach(({row, cells}, i) => {
            const index = from + (i - from % this.pool.length + this.pool.length) % this.pool.length;
            row.hidden = index >= to;
            if (index >= to) {
                return;
            }
            const item = this.items[index];
            row.style.transform = `translateY(${index * ROW_HEIGHT + shift}px)`;
            row.className = `row ${this.style(item)}${index === this.current ? " current" : ""}${index % 2 ? " odd" : ""}`;
            row.setAttribute("aria-rowindex", String(index + 1));
            row.setAttribute("aria-selected", String(index === this.current));
            row.dataset.index = String(index);
            this.columns.forEach((column, c) => column.show(cells[c], item));
        });
        this.head.childNodes.forEach((cell, c) => {
            const element = /** @type {HTMLElement} */ (cell);
            const isSorted = c === this.sorting.column && this.columns[c].key !== undefined;
            element.setAttribute("aria-sort", !isSorted ? "none" : this.sorting.isDescending ? "descending" : "ascending");
        });
    }

    makeRow() {
        const cells = this.columns.map((column) => h(`div.cell.${column.name}`, {role: "gridcell"}));
        const row = h("div.row", {role: "row"}, cells);
        row.addEventListener("click", () => this.choose(Number(row.dataset.index)));
        this.space.append(row);
        return {row, cells};
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        const page = Math.max(1, Math.floor(this.body.clientHeight / ROW_HEIGHT) - 1);
        const steps = /** @type {Record<string, number>} */ ({ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page,
                                                             Home: -Infinity, End: Infinity});
        if (event.ctrlKey || event.altKey || event.metaKey || this.items.length === 0) {
            return;
        }
        if (event.key === "Enter" && event.target === this.body) {
            this.choose(Math.max(0, this.current));
        }
        if (!Object.hasOwn(steps, event.key)) {
            return;
        }
        event.preventDefault();
        this.choose(Math.max(0, Math.min(this.items.length - 1, this.current + steps[event.key])));
    }
}

/** A cell with a text, which is also what the pointer shows when it is long. @param {HTMLElement} cell @param {string} text @param {string} [hint] */
export function showText(cell, text, hint) {
    setText(cell, text);
    if (hint !== undefined && cell.title !== hint) {
        cell.title = hint;
    }
}
