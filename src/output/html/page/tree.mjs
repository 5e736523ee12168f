// Fields that no view knows better, as names and values.
import {h} from "./dom.mjs";
import {bodyView, isBody} from "./body.mjs";
import {isObject} from "./fields.mjs";
import {bytesOf, hexDump, humanDuration, printable} from "./text.mjs";

const ELEMENTS = 200;  // of an array, shown
const DEPTH = 24;
const COLUMNS = 8;  // of a table

/** "remote_name", "connect_us": a name for people. @param {string} key */
export function fieldName(key) {
    return printable(key.replace(/_us$/, "").replace(/_/g, " "));
}

/** @param {any} value @param {string} key */
function scalar(value, key) {
    if (typeof value === "number" && key.endsWith("_us")) {
        return h("span.number", {title: `${value} µs`}, humanDuration(value));
    }
    if (typeof value === "string") {
        return h("span", {}, printable(value, true));
    }
    return h(`span.${typeof value === "number" ? "number" : "word"}`, {}, printable(value));
}

/** Objects without inner ones, as a table; null when they are no such. @param {any[]} objects */
function tableOf(objects) {
    const isFlat = objects.every((object) => isObject(object) && !isBody(object) &&
                                             Object.values(object).every((value) => typeof value !== "object" || value === null));
    const columns = isFlat ? [...new Set(objects.slice(0, ELEMENTS).flatMap((object) => Object.keys(object)))] : [];
    if (!isFlat || columns.length > COLUMNS || columns.some((key) => key.endsWith("_base64"))) {
        return null;
    }
    return h("table.fields.wide", {}, h("thead", {}, h("tr", {}, columns.map((key) => h("th", {scope: "col"}, fieldName(key))))),
             h("tbody", {}, objects.slice(0, ELEMENTS).map((object) => h("tr", {}, columns.map((key) =>
                 h("td", {}, object[key] === undefined ? null : scalar(object[key], key)))))),
             objects.length > ELEMENTS ? h("tfoot", {}, h("tr", {}, h("td", {colspan: columns.length}, `… ${objects.length - ELEMENTS} more`))) : null);
}

/** @param {any} value */
function isNamed(value) {
    return isObject(value) && typeof value.name === "string" && "value" in value;
}

/**
 * @param {any} value
 * @param {string} key
 * @param {number} depth
 * @returns {HTMLElement}
 */
function valueView(value, key, depth) {
    if (isBody(value)) {
        return bodyView(value) ?? h("span.word", {}, "empty");
    }
    if (isObject(value) && Object.keys(value).length === 1 && typeof value.base64 === "string") {
        return h("pre.body.hex", {}, hexDump(bytesOf(value.base64)));
    }
    if (depth >= DEPTH) {
        return h("span.word", {}, "…");
    }
    if (Array.isArray(value) && value.length === 0) {
        return h("span.note", {}, "none");
    }
    if (Array.isArray(value)) {
        if (value.every((element) => typeof element !== "object" || element === null)) {
            return h("span", {}, printable(value.slice(0, ELEMENTS).map(String).join(", "), true), value.length > ELEMENTS ? " …" : null);
        }
        if (value.every(isNamed)) {
            return headerTable(value);
        }
        const table = tableOf(value);
        return table ?? h("ol", {}, value.slice(0, ELEMENTS).map((element) => h("li", {}, valueView(element, key, depth + 1))),
                 value.length > ELEMENTS ? h("li", {}, `… ${value.length - ELEMENTS} more`) : null);
    }
    return isObject(value) ? tree(value, [], depth + 1) : scalar(value, key);
}

/**
 * An object as a list of its fields.
 * @param {any} object
 * @param {string[]} [without] names that are shown elsewhere
 * @param {number} [depth]
 */
export function tree(object, without = [], depth = 0) {
    const rows = [];
    for (const [key, value] of Object.entries(object)) {
        if (without.includes(key) || value === undefined) {
            continue;
        }
        if (key.endsWith("_base64") && key.slice(0, -7) in object) {
            rows.push(h("dt", {}, `${fieldName(key.slice(0, -7))}, bytes`), h("dd", {}, h("pre.body.hex", {}, hexDump(bytesOf(value)))));
        } else {
            // What has fields of its own needs all of the width.
            const isWide = isObject(value) || (Array.isArray(value) && value.some((element) => typeof element === "object" && element !== null));
            rows.push(h("dt", {}, fieldName(key)), h(isWide ? "dd.wide" : "dd", {}, valueView(value, key, depth)));
        }
    }
    return h("dl.tree", {}, rows);
}

/** Header fields and the like, in order. @param {any[]} headers */
export function headerTable(headers) {
    return h("table.fields", {}, h("tbody", {}, headers.map((header) => h("tr", {}, h("th", {scope: "row"}, printable(header.name)),
        h("td", {}, typeof header.value === "object" ? valueView(header.value, "", 1) : printable(header.value, true),
          header.value_base64 ? h("pre.body.hex", {}, hexDump(bytesOf(header.value_base64))) : null)))));
}
