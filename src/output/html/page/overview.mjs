// How much happened when, over the whole capture; dragging chooses a part of it.
import {h, s} from "./dom.mjs";
import {countsOver} from "./series.mjs";
import {clockTime, counted, humanDuration} from "./text.mjs";

/** @typedef {import("./series.mjs").Range} Range */

const STRIP_HEIGHT = 44;
const STRIP_PART = 5;  // pixels of a bar
const DRAG = 4;  // pixels that make a movement a drag

export class Overview {
    /** @param {(range: Range|null) => void} choose null: everything */
    constructor(choose) {
        this.choose = choose;
        /** @type {Range|null} */
        this.whole = null;
        /** @type {Range|null} */
        this.chosen = null;
        this.chart = s("svg.chart", {height: STRIP_HEIGHT, role: "img", "aria-label": "transactions over time, errors in another colour"});
        this.label = h("span.overviewlabel");
        this.element = h("div.overview", {title: "drag to choose a time, double-click for everything"}, this.chart, this.label);
        this.element.addEventListener("pointerdown", (event) => this.begin(event));
        this.element.addEventListener("dblclick", () => this.choose(null));
    }

    /** @param {import("./blocks.mjs").Row[]} rows @param {Range|null} whole @param {Range|null} chosen */
    draw(rows, whole, chosen) {
        this.whole = whole;
        this.chosen = chosen;
        this.element.hidden = whole === null;
        const width = this.element.clientWidth;
        if (!whole || width === 0) {
            return;
        }
        this.chart.setAttribute("width", String(width));
        this.chart.replaceChildren();
        const parts = Math.max(1, Math.floor(width / STRIP_PART));
        const {all, errors} = countsOver(rows, whole, parts);
        const most = Math.max(1, ...all);
        const span = whole.to - whole.from;
        all.forEach((count, i) => {
            if (!count) {
                return;
            }
            const x = i * width / parts;
            // The square root, so that quiet times can be seen beside busy ones.
            const height = Math.max(2, Math.sqrt(count / most) * (STRIP_HEIGHT - 6));
            const bad = errors[i] ? Math.max(2, height * errors[i] / count) : 0;
            this.chart.append(s("rect.rate", {x, y: STRIP_HEIGHT - height, width: width / parts - 1, height}));
            if (bad) {
                this.chart.append(s("rect.errors", {x, y: STRIP_HEIGHT - bad, width: width / parts - 1, height: bad}));
            }
        });
        this.select = s("rect.brush", {y: 0, height: STRIP_HEIGHT});
        this.chart.append(this.select);
        this.mark(chosen);
        const shown = chosen ?? whole;
        this.label.textContent = `${clockTime(shown.from)} – ${clockTime(shown.to)}  ${humanDuration(shown.to - shown.from)}` +
                                 (chosen ? "  (double-click for everything)" : `  busiest: ${counted(most, "transaction")} in ${humanDuration(span / parts)}`);
    }

    /** @param {Range|null} range */
    mark(range) {
        if (!this.select || !this.whole) {
            return;
        }
        const width = this.element.clientWidth;
        const x = (/** @type {number} */ time) => (time - /** @type {Range} */ (this.whole).from) / (/** @type {Range} */ (this.whole).to - /** @type {Range} */ (this.whole).from) * width;
        this.select.setAttribute("x", String(range ? x(range.from) : 0));
        this.select.setAttribute("width", String(range ? Math.max(1, x(range.to) - x(range.from)) : 0));
    }

    /** @param {PointerEvent} event */
    begin(event) {
        const {whole} = this;
        if (!whole || event.button !== 0) {
            return;
        }
        event.preventDefault();
        const box = this.element.getBoundingClientRect();
        const time = (/** @type {PointerEvent} */ at) =>
            whole.from + Math.min(1, Math.max(0, (at.clientX - box.left) / box.width)) * (whole.to - whole.from);
        const start = event.clientX;
        const from = time(event);
        /** @type {Range|null} */
        let range = null;
        const move = (/** @type {PointerEvent} */ at) => {
            if (Math.abs(at.clientX - start) >= DRAG || range) {
                range = {from: Math.min(from, time(at)), to: Math.max(from, time(at))};
                this.mark(range);
            }
        };
        const end = () => {
            window.removeEventListener("pointermove", move);
            window.removeEventListener("pointerup", end);
            if (range) {
                this.choose(range);
            }
        };
        window.addEventListener("pointermove", move);
        window.addEventListener("pointerup", end);
    }
}
