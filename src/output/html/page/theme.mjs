// Light and dark, and what the system prefers.
import {h, setText} from "./dom.mjs";

const THEMES = [["auto", "◐"], ["light", "☀"], ["dark", "☾"]];
const SETTING = "sslsniff.theme";

/** Pages may not be permitted to keep anything. @returns {string|null} */
function readTheme() {
    try {
        return localStorage.getItem(SETTING);
    } catch {
        return null;
    }
}

/** @param {string} theme */
function keepTheme(theme) {
    try {
        localStorage.setItem(SETTING, theme);
    } catch {
        // It holds for this page then.
    }
}

export class Theme {
    constructor() {
        this.button = h("button", {title: "colours (t)", onclick: () => this.next()});
        this.set(Math.max(0, THEMES.findIndex(([name]) => name === readTheme())));
    }

    /** @param {number} index */
    set(index) {
        const [name, sign] = THEMES[index];
        this.index = index;
        document.documentElement.dataset.theme = name;
        setText(this.button, `${sign} ${name}`);
    }

    next() {
        this.set(((this.index ?? 0) + 1) % THEMES.length);
        keepTheme(THEMES[this.index ?? 0][0]);
    }
}
