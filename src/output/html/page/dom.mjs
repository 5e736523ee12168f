// Elements. There is no way here from a text to markup: texts become text nodes, and attributes that could run something are not set.

/** @typedef {Node|string|number|null|undefined|false} Child */

/**
 * An element.
 * @param {string} name "div", "div.class.class"
 * @param {Record<string, any>} [properties] on…: listeners; others: attributes, left out when null or false
 * @param {...(Child|Child[])} children texts are text
 * @returns {HTMLElement}
 */
export function h(name, properties = {}, ...children) {
    const [tag, ...classes] = name.split(".");
    const element = document.createElement(tag);
    if (classes.length) {
        element.className = classes.join(" ");
    }
    return /** @type {HTMLElement} */ (dress(element, properties, children));
}

/** An element of SVG; otherwise as h(). @param {string} name @param {Record<string, any>} [properties] @param {...(Child|Child[])} children */
export function s(name, properties = {}, ...children) {
    const [tag, ...classes] = name.split(".");
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    if (classes.length) {
        element.setAttribute("class", classes.join(" "));
    }
    return /** @type {SVGElement} */ (dress(element, properties, children));
}

/** @param {Element} element @param {Record<string, any>} properties @param {(Child|Child[])[]} children */
function dress(element, properties, children) {
    for (const [key, value] of Object.entries(properties)) {
        if (key.startsWith("on")) {
            element.addEventListener(key.slice(2), value);
        } else if (value !== null && value !== undefined && value !== false) {
            element.setAttribute(key, value === true ? "" : String(value));
        }
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false)
        .map((child) => (child instanceof Node ? child : String(child))));
    return element;
}

/** @param {Element} element @param {...Child} children */
export function fill(element, ...children) {
    element.replaceChildren(...children.filter((child) => child !== null && child !== undefined && child !== false)
        .map((child) => (child instanceof Node ? child : String(child))));
}

/** Text that changes often; nothing happens when it is the same. @param {Element} element @param {string} text */
export function setText(element, text) {
    if (element.firstChild === null || element.firstChild !== element.lastChild || element.firstChild.nodeValue !== text) {
        element.textContent = text;
    }
}

/** Puts a text into the clipboard, and says so on the button. @param {HTMLElement} button @param {string} text */
export async function copy(button, text) {
    const label = button.textContent;
    try {
        await navigator.clipboard.writeText(text);
        button.textContent = "copied";
    } catch {
        button.textContent = "not permitted";
    }
    setTimeout(() => { button.textContent = label; }, 1200);
}
