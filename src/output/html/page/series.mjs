// Statistics of rows. Pure.
import {isError, latency} from "./store.mjs";

/** @typedef {import("./blocks.mjs").Row} Row */
/** @typedef {{from: number, to: number}} Range microseconds since the epoch */

/**
 * The value below which a part of sorted values lies: the nearest rank.
 * @param {number[]} sorted
 * @param {number} part from 0 to 1
 */
export function percentile(sorted, part) {
    return sorted.length ? sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] : undefined;
}

/** Ascending. @param {number[]} values */
export function sortNumbers(values) {
    return Array.from(Float64Array.from(values).sort());
}

/** The time that rows cover; null when none has a time. @param {Row[]} rows @returns {Range|null} */
export function rangeOf(rows) {
    let from = Infinity;
    let to = -Infinity;
    for (const {at, took} of rows) {
        if (at !== undefined) {
            from = Math.min(from, at);
            to = Math.max(to, at + (took ?? 0));
        }
    }
    return from > to ? null : {from, to: Math.max(to, from + 1)};
}

/**
 * How many rows began in each part of a range, and how many of these were errors.
 * @param {Row[]} rows
 * @param {Range} range
 * @param {number} parts
 */
export function countsOver(rows, range, parts) {
    const all = new Array(parts).fill(0);
    const errors = new Array(parts).fill(0);
    const width = (range.to - range.from) / parts;
    for (const row of rows) {
        if (row.at === undefined || row.at < range.from || row.at > range.to) {
            continue;
        }
        const part = Math.min(parts - 1, Math.floor((row.at - range.from) / width));
        all[part]++;
        errors[part] += isError(row) ? 1 : 0;
    }
    return {all, errors};
}

/**
 * Percentiles of latency in each part of a range; undefined where there is nothing.
 * @param {Row[]} rows
 * @param {Range} range
 * @param {number} parts
 */
export function percentilesOver(rows, range, parts) {
    /** @type {number[][]} */
    const values = Array.from({length: parts}, () => []);
    const width = (range.to - range.from) / parts;
    for (const row of rows) {
        const took = latency(row);
        if (took !== undefined && row.at !== undefined && row.at >= range.from && row.at <= range.to) {
            values[Math.min(parts - 1, Math.floor((row.at - range.from) / width))].push(took);
        }
    }
    const sorted = values.map(sortNumbers);
    return [0.5, 0.9, 0.99].map((part) => sorted.map((of) => percentile(of, part)));
}

/** Four buckets for each power of ten, in microseconds. */
export const BUCKETS_OF_TEN = 4;

/**
 * How many latencies lie in each bucket, from the first bucket with any to the last.
 * @param {number[]} values microseconds
 * @returns {{from: number, to: number, count: number}[]}
 */
export function histogram(values) {
    /** @type {Map<number, number>} */
    const counts = new Map();
    for (const value of values) {
        const bucket = Math.floor(Math.log10(Math.max(value, 1)) * BUCKETS_OF_TEN + 1e-9);
        counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    const keys = sortNumbers([...counts.keys()]);
    const buckets = [];
    for (let bucket = keys[0]; bucket <= keys[keys.length - 1]; bucket++) {
        buckets.push({from: bucket === 0 ? 0 : 10 ** (bucket / BUCKETS_OF_TEN), to: 10 ** ((bucket + 1) / BUCKETS_OF_TEN),
                      count: counts.get(bucket) ?? 0});
    }
    return buckets;
}

/**
 * @typedef {object} Group
 * @property {string} process
 * @property {string} peer whom it asks; "" when it is asked
 * @property {string} name of the endpoint
 * @property {string} protocol
 * @property {number} count
 * @property {number} errors
 * @property {number} [median]
 * @property {number} [p90]
 * @property {number} [p99]
 * @property {number} total microseconds
 */

/** Rows by process, whom it asks, and endpoint. @param {Row[]} rows @returns {Group[]} */
export function groups(rows) {
    /** @type {Map<string, {group: Group, values: number[]}>} */
    const found = new Map();
    for (const row of rows) {
        const name = row.endpoint ?? "–";
        const peer = row.role === "server" ? "" : row.peer ?? "?";
        const key = `${row.process ?? ""}\n${peer}\n${row.protocol}\n${name}`;
        let entry = found.get(key);
        if (!entry) {
            entry = {group: {process: row.process ?? "", peer, name, protocol: row.protocol, count: 0, errors: 0, total: 0}, values: []};
            found.set(key, entry);
        }
        entry.group.count++;
        entry.group.errors += isError(row) ? 1 : 0;
        const took = latency(row);
        if (took !== undefined) {
            entry.values.push(took);
            entry.group.total += took;
        }
    }
    return [...found.values()].map(({group, values}) => {
        const sorted = sortNumbers(values);
        return {...group, median: percentile(sorted, 0.5), p90: percentile(sorted, 0.9), p99: percentile(sorted, 0.99)};
    });
}

/** A step for about `count` marks: 1, 2 or 5 times a power of ten. @param {number} span @param {number} count */
export function niceStep(span, count) {
    const power = 10 ** Math.floor(Math.log10(span / count));
    return power * ([1, 2, 5].find((factor) => factor * power * count >= span) ?? 10);
}
