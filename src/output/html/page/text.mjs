// Texts for people. Whatever comes from a capture is hostile: printable() keeps it from reordering or hiding what stands beside it.

const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const DANGEROUS_IN_LINES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** @param {string} character */
function visible(character) {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/**
 * Control characters and those that reorder text, as an escape.
 * @param {unknown} text
 * @param {boolean} [lines] whether line feeds and tabs stay
 */
export function printable(text, lines = false) {
    return String(text).replace(lines ? DANGEROUS_IN_LINES : DANGEROUS, visible);
}

/** "999", "1.2k", "34M": powers of 1000. @param {number} bytes */
export function humanSize(bytes) {
    let value = bytes;
    for (const unit of ["", "k", "M", "G"]) {
        if (value < 1000) {
            return (unit && value < 9.95 ? value.toFixed(1) : String(Math.round(value))) + unit;
        }
        value /= 1000;
    }
    return `${Math.round(value)}T`;
}

/** "850µs", "12.3ms", "4.56s", "3m20s". @param {number|undefined} us microseconds */
export function humanDuration(us) {
    if (us === undefined) {
        return "";
    }
    if (us < 1000) {
        return `${Math.round(us)}µs`;
    }
    if (us < 1e6) {
        return `${(us / 1e3).toPrecision(us < 999500 ? 3 : 4).replace(/\.0+$/, "")}ms`;
    }
    if (us < 59.995e6) {
        return `${(us / 1e6).toPrecision(3)}s`;
    }
    const seconds = Math.round(us / 1e6);
    return seconds < 3600 ? `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`
                          : `${Math.floor(seconds / 3600)}h${String(Math.floor(seconds / 60) % 60).padStart(2, "0")}m`;
}

/** @param {number} count @param {string} noun */
export function counted(count, noun) {
    return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
}

/**
 * "12:00:01.123", in the browser's time zone.
 * @param {number|undefined} us microseconds since the epoch
 * @param {number} [digits] of the fraction, up to 6
 */
export function clockTime(us, digits = 3) {
    if (us === undefined) {
        return "–";
    }
    const date = new Date(us / 1000);
    const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
    const fraction = digits === 0 ? "" : `.${String(us % 1e6).padStart(6, "0").slice(0, digits)}`;
    return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${fraction}`;
}

/** "2026-01-31". @param {number} us microseconds since the epoch */
export function calendarDay(us) {
    const date = new Date(us / 1000);
    return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}

/** "UTC+01:00". @param {number} us microseconds since the epoch */
export function zoneName(us) {
    const minutes = -new Date(us / 1000).getTimezoneOffset();
    if (minutes === 0) {
        return "UTC";
    }
    const two = (/** @type {number} */ n) => String(Math.floor(n)).padStart(2, "0");
    return `UTC${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/** The bytes of base64, one character each. @param {string} text */
export function bytesOf(text) {
    try {
        return atob(text);
    } catch {
        return "";
    }
}

/** Offset, hexadecimal and text of bytes, 16 a line. @param {string} bytes one character each */
export function hexDump(bytes) {
    const lines = [];
    for (let at = 0; at < bytes.length; at += 16) {
        let hex = "";
        let text = "";
        for (let i = at; i < at + 16; i++) {
            const code = i < bytes.length ? bytes.charCodeAt(i) : -1;
            hex += (i === at + 8 ? " " : "") + (code < 0 ? "   " : `${code.toString(16).padStart(2, "0")} `);
            text += code < 0 ? "" : code >= 0x20 && code < 0x7f ? bytes[i] : ".";
        }
        lines.push(`${at.toString(16).padStart(8, "0")}  ${hex} ${text}`);
    }
    return lines.join("\n");
}

/** UTF-8 of a text, one character for each byte. @param {string} text */
export function utf8(text) {
    let bytes = "";
    for (const byte of new TextEncoder().encode(text)) {
        bytes += String.fromCharCode(byte);
    }
    return bytes;
}

/**
 * The tokens of a JSON text, as they are: numbers keep their digits, objects their order and their doubles.
 * Null when the text is no JSON.
 * @param {string} text
 * @returns {{kind: string, text: string}[] | null} kinds: key, string, number, word, mark
 */
export function jsonTokens(text) {
    try {
        JSON.parse(text);
    } catch {
        return null;
    }
    const tokens = [];
    for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g)) {
        const kind = token[0] === '"' ? "string" : /[[\]{},:]/.test(token[0]) ? "mark" : /[-\d]/.test(token[0]) ? "number" : "word";
        if (token === ":" && tokens.length) {
            tokens[tokens.length - 1].kind = "key";
        }
        tokens.push({kind, text: token});
    }
    return tokens;
}

/**
 * The same tokens with white space between them, for reading.
 * @param {{kind: string, text: string}[]} tokens
 */
export function indented(tokens) {
    const out = [];
    let level = 0;
    const line = () => `\n${"  ".repeat(Math.min(level, 40))}`;
    for (let i = 0; i < tokens.length; i++) {
        const {kind, text} = tokens[i];
        const next = tokens[i + 1]?.text;
        if (text === "{" || text === "[") {
            const isEmpty = next === "}" || next === "]";
            level += isEmpty ? 0 : 1;
            out.push({kind, text: isEmpty ? text : text + line()});
        } else if (text === "}" || text === "]") {
            const isEmpty = tokens[i - 1]?.text === "{" || tokens[i - 1]?.text === "[";
            level -= isEmpty ? 0 : 1;
            out.push({kind, text: isEmpty ? text : line() + text});
        } else {
            out.push({kind, text: text === "," ? text + line() : text === ":" ? ": " : text});
        }
    }
    return out;
}
