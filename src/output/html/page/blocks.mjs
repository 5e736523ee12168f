// The data of the page: lines of JSON in script elements that no browser runs, one row before each transaction (html_sink.cpp).

/**
 * What the list shows of a transaction.
 * @typedef {object} Row
 * @property {number} [at] microseconds since the epoch
 * @property {number} [took] microseconds; missing: it did not end
 * @property {number} [asked] when the request had passed, microseconds after `at`
 * @property {number} [answered] when the response began, microseconds after `at`
 * @property {string} connection
 * @property {string} [id]
 * @property {string} [cause] the id of the request that caused it
 * @property {string} [process]
 * @property {number} pid
 * @property {string} role
 * @property {string} [peer]
 * @property {boolean} [tls]
 * @property {string} protocol
 * @property {string} [said] the request in words
 * @property {string} [got] the response in words
 * @property {boolean} [pushed] `got` is no answer but was sent by the server by itself
 * @property {string} outcome
 * @property {string} [endpoint]
 * @property {number} up bytes
 * @property {number} down bytes
 * @property {boolean} [incomplete]
 * @property {string} line the whole transaction: a JSON text (docs/json.md)
 * @property {number} number of the row, from 0, as they ended
 */

/** Takes lines in order, and says what is in them. */
export class LineReader {
    /** @param {{row: (row: Row) => void, object: (object: any, line: string) => void, continues: () => void}} consumer */
    constructor(consumer) {
        this.consumer = consumer;
        /** @type {any} */
        this.row = null;
        this.count = 0;
        this.damaged = 0;
    }

    /** @param {string} text lines; what no line feed ends was cut off */
    take(text) {
        const lines = text.split("\n");
        const rest = lines.pop();
        for (const line of lines) {
            if (line !== "") {
                this.takeLine(line);
            }
        }
        this.damaged += rest ? 1 : 0;
    }

    /** @param {string} line */
    takeLine(line) {
        const isTransaction = line.startsWith('{"schema":"sslsniff/1","type":"transaction"');
        if (isTransaction && this.row) {
            // Read when it is looked at: most of the page is in such lines.
            this.row.line = line;
            this.row.number = this.count++;
            this.consumer.row(this.row);
            this.row = null;
            return;
        }
        let object;
        try {
            object = JSON.parse(line);
        } catch {
            this.damaged++;
            return;
        }
        if (object.schema) {
            this.consumer.object(object, line);
        } else if (object.continues) {
            this.consumer.continues();
        } else {
            this.row = object;
        }
    }
}

const BLOCK = 'script[type="application/jsonl"]';
const READING_SLICE = 40;  // milliseconds of work between which the browser can do other things

/**
 * Reads blocks as the browser has them; each is dropped from the document when it has been read.
 * @param {LineReader} reader
 * @param {(isWhole: boolean) => void} progress something was read; the document is whole
 */
export function readBlocks(reader, progress) {
    let isOver = false;
    const step = () => {
        if (isOver) {
            return;
        }
        const isWhole = document.readyState !== "loading";
        const blocks = [...document.querySelectorAll(BLOCK)];
        if (!isWhole) {
            blocks.pop();  // being written just now
        }
        const end = performance.now() + READING_SLICE;
        let done = 0;
        while (done < blocks.length && (done === 0 || performance.now() < end)) {
            reader.take(blocks[done].textContent ?? "");
            blocks[done].remove();
            done++;
        }
        isOver = isWhole && done === blocks.length;
        if (done || isOver) {
            progress(isOver);
        }
        if (!isOver) {
            setTimeout(step, done === blocks.length ? 30 : 0);
        }
    };
    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", step, {once: true});
        setTimeout(step, 0);
    } else {
        step();
    }
}
