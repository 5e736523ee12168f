// A body, as text, as JSON that is indented, as the fields of a form, or as bytes.
import {copy, fill, h} from "./dom.mjs";
import {bytesOf, counted, hexDump, humanSize, indented, jsonTokens, printable, utf8} from "./text.mjs";

const SHOWN = 100_000;  // characters shown at first; more on demand
const COLOURED = 20_000;  // tokens of JSON that are coloured

/** @param {any} value */
export function isBody(value) {
    return typeof value === "object" && value !== null && typeof value.size === "number" &&
           ("captured" in value || "text" in value || "base64" in value);
}

const STATES = /** @type {Record<string, string>} */ ({
    decoded: "decoded", partial: "decoded as far as it was captured", damaged: "decoded as far as it is well-formed",
    limited: "decoded as far as the limits allow", unsupported: "in a coding that is not decoded",
});

/** @param {string} text @returns {[string, string][]|null} names and values of a form */
export function formFields(text) {
    if (!/^[^\s&=]+=[^\s]*$/.test(text) || text.length > SHOWN) {
        return null;
    }
    return [...new URLSearchParams(text)];
}

/** @param {string} text @param {boolean} isJson */
function textView(text, isJson) {
    const tokens = isJson ? jsonTokens(text) : null;
    const pre = h("pre.body");
    const show = (/** @type {number} */ most) => {
        if (tokens && tokens.length <= COLOURED && text.length <= most) {
            fill(pre, ...indented(tokens).map(({kind, text: token}) =>
                kind === "mark" || kind === "word" ? printable(token, true) : h(`span.${kind}`, {}, printable(token, true))));
            return;
        }
        const whole = tokens ? indented(tokens).map((token) => token.text).join("") : text;
        const more = whole.length > most ? h("button.more", {onclick: () => show(Infinity)},
                                             `show ${counted(whole.length - most, "more character")}`) : null;
        fill(pre, printable(whole.slice(0, most), true), more);
    };
    show(SHOWN);
    return pre;
}

/** @param {string} bytes */
function hexView(bytes) {
    const most = SHOWN / 5;
    const pre = h("pre.body.hex");
    const show = (/** @type {number} */ end) => {
        fill(pre, hexDump(bytes.slice(0, end)),
             bytes.length > end ? h("button.more", {onclick: () => show(Infinity)}, `\nshow ${counted(bytes.length - end, "more byte")}`) : null);
    };
    show(most);
    return pre;
}

/** @param {[string, string][]} fields */
export function fieldTable(fields) {
    return h("table.fields", {}, h("tbody", {}, fields.map(([name, value]) =>
        h("tr", {}, h("th", {scope: "row"}, printable(name)), h("td", {}, printable(value))))));
}

/** Bytes that were lost, and other remarks. @param {any} body @returns {string[]} */
function remarks(body) {
    const shown = body.captured ?? body.size;
    const found = [humanSize(body.size) + (body.size < 1000 ? (body.size === 1 ? " byte" : " bytes") : "B")];
    if (body.truncated || shown < body.size) {
        found.push(`the first ${humanSize(shown)} are kept`);
    }
    if (body.missing) {
        found.push(`${counted(body.missing, "byte")} not captured`);
    }
    if (body.decoded) {
        found.push(STATES[body.decoded.state] ?? body.decoded.state);
    }
    if (body.saved) {
        found.push(`saved as ${body.saved}`);
    }
    return found;
}

/**
 * A body with what can be said of it; null when there is none.
 * @param {any} body as in docs/json.md
 */
export function bodyView(body) {
    if (!isBody(body) || body.size === 0) {
        return null;
    }
    const asSent = body.base64 !== undefined ? bytesOf(body.base64) : null;
    const decoded = body.decoded && (body.decoded.text !== undefined || body.decoded.base64 !== undefined) ? body.decoded : null;
    const best = decoded ?? body;
    /** @type {[string, () => HTMLElement][]} */
    const ways = [];
    if (body.json !== undefined) {
        ways.push(["message", () => textView(JSON.stringify(body.json), true)]);
    }
    if (best.text !== undefined) {
        if (/^\s*[[{"]/.test(best.text) && jsonTokens(best.text)) {
            ways.push(["JSON", () => textView(best.text, true)]);
        }
        const fields = formFields(best.text);
        if (fields) {
            ways.push(["form", () => fieldTable(fields)]);
        }
        ways.push(["text", () => textView(best.text, false)]);
    }
    const bytes = () => (best.base64 !== undefined ? bytesOf(best.base64) : utf8(best.text ?? ""));
    if (best.text !== undefined || best.base64 !== undefined) {
        ways.push(["bytes", () => hexView(bytes())]);
    }
    if (decoded && asSent !== null) {
        ways.push(["as sent", () => hexView(asSent)]);
    }
    const place = h("div");
    const buttons = ways.map(([name, view], i) => h("button.way", {
        "aria-pressed": String(i === 0), onclick: (/** @type {Event} */ event) => {
            buttons.forEach((button) => button.setAttribute("aria-pressed", String(button === event.target)));
            fill(place, view());
        }}, name));
    if (ways.length) {
        fill(place, ways[0][1]());
    }
    const button = h("button.way", {onclick: () => copy(button, best.text ?? bytes())}, "copy");
    return h("div.bodyview", {}, h("p.note", {}, "Body: ", printable(remarks(body).join(", ")), " ",
                                   h("span.ways", {}, buttons, ways.length && best.text !== undefined ? button : null)), place);
}
