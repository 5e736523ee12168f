import assert from "node:assert/strict";
import {test} from "node:test";
import {bytesOf, clockTime, counted, hexDump, humanDuration, humanSize, indented, jsonTokens, printable, utf8} from "../../../../src/output/html/page/text.mjs";

test("sizes and durations", () => {
    assert.deepEqual([0, 999, 1000, 1234, 12_345, 999_499, 5_600_000, 2e9].map(humanSize), ["0", "999", "1.0k", "1.2k", "12k", "999k", "5.6M", "2.0G"]);
    assert.deepEqual([0, 850, 1000, 12_300, 999_900, 4_560_000, 59_990_000, 200e6, 3_720e6].map(humanDuration),
                     ["0µs", "850µs", "1ms", "12.3ms", "999.9ms", "4.56s", "60.0s", "3m20s", "1h02m"]);
    assert.equal(humanDuration(undefined), "");
    assert.deepEqual([counted(1, "byte"), counted(1234, "byte"), counted(2, "process")], ["1 byte", "1,234 bytes", "2 processes"]);
});

test("what could reorder or hide a text is shown", () => {
    assert.equal(printable("a\u202eb\u0000c\u2028\n\t\u009b"), "a\\u202eb\\x00c\\u2028\\x0a\\x09\\x9b");
    assert.equal(printable("a\n\tb\r", true), "a\n\tb\\x0d");
    assert.equal(printable("žluťoučký 😀 <b>"), "žluťoučký 😀 <b>");
});

test("times", () => {
    const us = new Date(2026, 0, 31, 12, 0, 1).getTime() * 1000 + 123_456;
    assert.equal(clockTime(us), "12:00:01.123");
    assert.equal(clockTime(us, 6), "12:00:01.123456");
    assert.equal(clockTime(us, 0), "12:00:01");
    assert.equal(clockTime(undefined), "–");
});

test("bytes", () => {
    assert.equal(hexDump("GET / HTTP/1.1\r\n\x00\xff"), "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1..\n" +
                                                        `00000010  00 ff ${" ".repeat(43)} ..`);
    assert.equal(hexDump(""), "");
    assert.equal(utf8("ž"), "\xc5\xbe");
    assert.equal(bytesOf("/w=="), "\xff");
    assert.equal(bytesOf("no base64!"), "");
});

test("JSON is indented without being changed", () => {
    const text = '{"big":12345678901234567890123,"twice":1,"twice":[],"x":{"y":[1,-2.50e+3,"a,\\"}"]},"e":{}}';
    const tokens = jsonTokens(text);
    assert.equal(tokens.map((token) => token.text).join(""), text);
    const shown = indented(tokens).map((token) => token.text).join("");
    assert.equal(shown.replace(/\n\s*/g, "").replace(/: /g, ":"), text);
    assert.ok(shown.startsWith('{\n  "big": 12345678901234567890123,\n  "twice": 1,\n  "twice": [],\n  "x": {\n    "y": [\n      1,'));
    assert.deepEqual(tokens.filter((token) => token.kind === "key").map((token) => token.text), ['"big"', '"twice"', '"twice"', '"x"', '"y"', '"e"']);
    assert.equal(jsonTokens("{"), null);
    assert.equal(jsonTokens("<html>"), null);
});

test("deep and long JSON takes linear time", () => {
    const measure = (size) => {
        const text = `[${"[1],".repeat(size)}1]`;
        const start = process.cpuUsage().user;
        indented(jsonTokens(text));
        return process.cpuUsage().user - start;
    };
    measure(20_000);
    const [small, large] = [measure(20_000), measure(200_000)];
    assert.ok(large < 60 * Math.max(small, 2000), `${small} ${large}`);
    const deep = `${"[".repeat(3000)}${"]".repeat(3000)}`;
    assert.ok(indented(jsonTokens(deep)).length === 6000);
});
