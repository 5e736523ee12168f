// Values in the objects of docs/json.md.

const DEEPEST = 500;  // levels, less than what the stack has room for

/** @param {any} value */
export function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether some text or number in an object fulfils a condition; names of fields are not looked at.
 * @param {any} value
 * @param {(text: string) => boolean} condition
 * @param {number} [depth] of the value: what lies deeper than DEEPEST is not looked at
 * @returns {boolean}
 */
export function someValue(value, condition, depth = 0) {
    if (typeof value === "string") {
        return condition(value);
    }
    if (typeof value === "number") {
        return condition(String(value));
    }
    if (depth >= DEEPEST) {
        return false;
    }
    if (Array.isArray(value)) {
        return value.some((element) => someValue(element, condition, depth + 1));
    }
    if (isObject(value)) {
        return Object.entries(value).some(([key, member]) => key !== "schema" && key !== "base64" && !key.endsWith("_base64") &&
                                                             someValue(member, condition, depth + 1));
    }
    return false;
}

/**
 * All values at a path: "request.headers.content-type", "timing.request_end" (microseconds). Arrays are looked through; a header field is
 * found by its name.
 * @param {any} object
 * @param {string[]} path
 * @param {number} [depth]
 * @returns {any[]}
 */
export function valuesAt(object, path, depth = 0) {
    if (depth >= DEEPEST) {
        return [];
    }
    if (Array.isArray(object)) {
        return object.flatMap((element) => {
            if (path.length === 1 && isObject(element) && typeof element.name === "string" && "value" in element &&
                element.name.toLowerCase() === path[0].toLowerCase()) {
                return [element.value];
            }
            return valuesAt(element, path, depth + 1);
        });
    }
    if (path.length === 0) {
        return isObject(object) ? [] : [object];
    }
    if (!isObject(object)) {
        return [];
    }
    const name = [path[0], `${path[0]}_us`].find((key) => Object.hasOwn(object, key));
    return name === undefined ? [] : valuesAt(object[name], path.slice(1), depth + 1);
}
