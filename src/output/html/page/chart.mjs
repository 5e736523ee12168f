// Charts in SVG, drawn anew for the width that there is.
import {h, s} from "./dom.mjs";
import {clockTime} from "./text.mjs";
import {niceStep} from "./series.mjs";

const LEFT = 56;
const BOTTOM = 22;
const TOP = 8;
const RIGHT = 8;

/**
 * @typedef {object} Frame
 * @property {SVGElement} svg
 * @property {number} width of the plot
 * @property {number} height of the plot
 * @property {(part: number) => number} x from 0 to 1
 * @property {(value: number) => number} y
 */

/**
 * A plot with a scale at its left, from 0 to `highest`; from `lowest`, when that is given, by powers of ten.
 * @param {string} label what it shows, for those who do not see it
 * @param {number} width
 * @param {number} height
 * @param {number} highest value of the scale
 * @param {(value: number) => string} name of a value
 * @param {number} [lowest] above 0
 * @returns {Frame}
 */
export function frame(label, width, height, highest, name, lowest) {
    const plot = {width: Math.max(10, width - LEFT - RIGHT), height: height - TOP - BOTTOM};
    const svg = s("svg.chart", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label});
    const [marks, part] = lowest === undefined ? evenScale(highest > 0 ? highest : 1) : powerScale(lowest, highest);
    const y = (/** @type {number} */ value) => TOP + plot.height * (1 - part(value));
    for (const value of marks) {
        svg.append(s("line.grid", {x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value)}),
                   s("text.axis", {x: LEFT - 6, y: y(value) + 4, "text-anchor": "end"}, name(value)));
    }
    return {svg, ...plot, x: (of) => LEFT + of * plot.width, y};
}

/** Marks of a scale, and which part of it lies below a value. @param {number} highest @returns {[number[], (value: number) => number]} */
function evenScale(highest) {
    const step = niceStep(highest, 4);
    return [Array.from({length: Math.floor(highest / step * 1.0001) + 1}, (_, i) => i * step), (value) => value / highest];
}

/** The same by powers of ten, which are the marks. @param {number} lowest @param {number} highest @returns {[number[], (value: number) => number]} */
function powerScale(lowest, highest) {
    const from = Math.floor(Math.log10(Math.max(1, lowest)) + 1e-9);
    const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(1, highest)) - 1e-9));
    return [Array.from({length: to - from + 1}, (_, i) => 10 ** (from + i)),
            (value) => (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from)];
}

/** Times below a plot. @param {Frame} plot @param {{from: number, to: number}} range */
export function timeAxis(plot, range) {
    const marks = Math.max(1, Math.floor(plot.width / 110));
    const span = range.to - range.from;
    for (let i = 0; i <= marks; i++) {
        const anchor = i === 0 ? "start" : i === marks ? "end" : "middle";
        plot.svg.append(s("text.axis", {x: plot.x(i / marks), y: plot.height + TOP + 16, "text-anchor": anchor},
                          clockTime(Math.round(range.from + span * i / marks), span < 20e6 ? 3 : 0)));
    }
}

/** Texts below a plot, each in the middle of its part; as many as there is room for. @param {Frame} plot @param {string[]} names */
export function nameAxis(plot, names) {
    const each = Math.max(1, Math.ceil(names.length * 58 / plot.width));
    for (let i = 0; i < names.length; i += each) {
        plot.svg.append(s("text.axis", {x: plot.x(i / names.length), y: plot.height + TOP + 16, "text-anchor": "middle"}, names[i]));
    }
}

/**
 * Bars, one beside the other; `title` says what each is.
 * @param {Frame} plot
 * @param {number[]} values
 * @param {string} style a class
 * @param {(index: number) => string} title
 * @param {((index: number) => void)} [choose] called with the bar that is clicked
 */
export function bars(plot, values, style, title, choose) {
    const width = plot.width / values.length;
    values.forEach((value, i) => {
        if (value > 0) {
            const height = Math.max(1, plot.y(0) - plot.y(value));
            plot.svg.append(s(`rect.${style}`, {x: plot.x(i / values.length), y: plot.y(0) - height, width: Math.max(0.5, width - 1), height,
                                                onclick: choose ? () => choose(i) : () => {}}, s("title", {}, title(i))));
        }
    });
}

/** A line through what is there; gaps stay gaps. @param {Frame} plot @param {(number|undefined)[]} values @param {string} style */
export function line(plot, values, style) {
    let path = "";
    let pen = "M";
    values.forEach((value, i) => {
        if (value === undefined) {
            pen = "M";
            return;
        }
        const x = plot.x((i + 0.5) / values.length);
        path += `${pen}${x.toFixed(1)} ${plot.y(value).toFixed(1)}`;
        if (pen === "M" && values[i + 1] === undefined) {
            plot.svg.append(s(`circle.${style}`, {cx: x, cy: plot.y(value), r: 2}));
        }
        pen = "L";
    });
    plot.svg.append(s(`path.${style}`, {d: path}));
}

/** @param {string} title @param {string} note @param {Element} chart @param {[string, string][]} [legend] class and name */
export function figure(title, note, chart, legend = []) {
    return h("section.figure", {}, h("h2", {}, title), note ? h("p.note", {}, note) : null,
             legend.length ? h("p.legend", {}, legend.map(([style, name]) => h("span", {}, h(`i.${style}`), name))) : null, chart);
}
