// Who talks to whom.
import {h, s} from "./dom.mjs";
import {percentile, sortNumbers} from "./series.mjs";
import {endpointText, isError, latency, peerText} from "./store.mjs";
import {counted, humanDuration, humanSize, printable} from "./text.mjs";

/** @typedef {import("./blocks.mjs").Row} Row */
/** @typedef {import("./store.mjs").Store} Store */
/** @typedef {{process: string, role: string, local: string, remote: string, peer: string}} Ends */
/** @typedef {{key: string, name: string, isProcess: boolean, count: number, errors: number, level: number, x: number, y: number, height: number}} Node_ */
/** @typedef {{from: string, to: string, process: string, peer: string, protocols: Set<string>, count: number, errors: number, values: number[]}} Edge */

const MOST_EDGES = 80;  // drawn
const NODE_WIDTH = 190;
const NODE_HEIGHT = 46;
const ACROSS = 240;  // between columns
const LABEL = 15;  // pixels between lines that end at one box
const DOWN = 26;

/** The ends of each connection, from its record or from one of its transactions. @param {Store} store @returns {(id: string) => Ends} */
function endsOf(store) {
    /** @type {Map<string, Ends>} */
    const known = new Map(store.connections.map((connection) => [connection.id, connection]));
    return (id) => {
        let ends = known.get(id);
        if (!ends) {
            const {connection = {}, process = {}} = store.parse(store.rows[/** @type {number[]} */ (store.rowsOf.get(id))[0]]);
            ends = {process: process.comm ?? "", role: connection.role, local: endpointText(connection.local),
                    remote: endpointText(connection.remote), peer: peerText(connection)};
            known.set(id, ends);
        }
        return ends;
    };
}

/** Without the port, which a client has for one connection only. @param {string} end */
function hostOf(end) {
    return end.replace(/:\d+$/, "") || "?";
}

/**
 * Processes and peers, and what passed between them. An exchange of which both sides were captured counts once.
 * @param {Store} store
 * @param {Row[]} rows
 */
export function serviceGraph(store, rows) {
    const ends = endsOf(store);
    /** @type {Map<string, string>} processes by the end that they serve */
    const servers = new Map();
    const clients = new Set();
    for (const id of store.rowsOf.keys()) {
        const {role, local, remote, process} = ends(id);
        if (role === "server" && local) {
            servers.set(local, process);
        } else if (local) {
            clients.add(`${local} ${remote}`);
        }
    }
    /** @type {Map<string, Node_>} */
    const nodes = new Map();
    /** @type {Map<string, Edge>} */
    const edges = new Map();
    const node = (/** @type {string} */ name, /** @type {boolean} */ isProcess) => {
        const key = `${isProcess ? "process" : "peer"} ${name}`;
        if (!nodes.has(key)) {
            nodes.set(key, {key, name, isProcess, count: 0, errors: 0, level: 0, x: 0, y: 0, height: NODE_HEIGHT});
        }
        return /** @type {Node_} */ (nodes.get(key));
    };
    for (const row of rows) {
        const {role, local, remote, peer, process} = ends(row.connection);
        if (role === "server" && clients.has(`${remote} ${local}`)) {
            continue;  // counted where it was asked
        }
        const own = node(process || "?", true);
        const server = servers.get(remote);
        const other = role === "server" ? node(hostOf(remote), false) : server !== undefined ? node(server, true) : node(peer || "?", false);
        const [from, to] = role === "server" ? [other, own] : [own, other];
        const key = `${from.key}\n${to.key}`;
        let edge = edges.get(key);
        if (!edge) {
            edge = {from: from.key, to: to.key, process, peer: role === "server" ? "" : peer, protocols: new Set(), count: 0, errors: 0, values: []};
            edges.set(key, edge);
        }
        edge.protocols.add(row.protocol);
        edge.count++;
        to.count++;
        if (isError(row)) {
            edge.errors++;
            to.errors++;
        }
        const took = latency(row);
        if (took !== undefined) {
            edge.values.push(took);
        }
    }
    const all = [...edges.values()].sort((a, b) => b.count - a.count);
    return {nodes, edges: all.slice(0, MOST_EDGES), left: all.slice(MOST_EDGES)};
}

/** Columns from left to right, so that who asks stands left of who answers; circles are cut where they close. @param {Map<string, Node_>} nodes @param {Edge[]} edges */
function layOut(nodes, edges) {
    /** @type {Map<string, string[]>} */
    const next = new Map();
    for (const {from, to} of edges) {
        next.set(from, [...(next.get(from) ?? []), to]);
    }
    const onPath = new Set();
    const done = new Map();
    // The longest way to anything that is asked in the end.
    const depth = (/** @type {string} */ key) => {
        if (onPath.has(key)) {
            return -1;
        }
        if (!done.has(key)) {
            onPath.add(key);
            done.set(key, 1 + Math.max(-1, ...(next.get(key) ?? []).map((/** @type {string} */ to) => /** @type {number} */ (depth(to)))));
            onPath.delete(key);
        }
        return done.get(key);
    };
    const used = [...nodes.values()].filter((node) => edges.some(({from, to}) => from === node.key || to === node.key));
    const longest = Math.max(0, ...used.map((node) => depth(node.key)));
    /** @type {Node_[][]} */
    const columns = Array.from({length: longest + 1}, () => []);
    for (const node of used) {
        node.level = longest - done.get(node.key);
        columns[node.level].push(node);
    }
    const bottoms = columns.map((column, x) => {
        column.sort((a, b) => above(a, edges, nodes) - above(b, edges, nodes) || b.count - a.count);
        let y = 16;
        for (const node of column) {
            node.x = 8 + x * (NODE_WIDTH + ACROSS);
            node.y = y;
            node.height = Math.max(NODE_HEIGHT, LABEL * (edges.filter(({to}) => to === node.key).length + 1));
            y += node.height + DOWN;
        }
        return y;
    });
    return {width: 16 + columns.length * NODE_WIDTH + longest * ACROSS, height: Math.max(...bottoms)};
}

/** The mean height of those who ask a node. @param {Node_} node @param {Edge[]} edges @param {Map<string, Node_>} nodes */
function above(node, edges, nodes) {
    const heights = edges.filter((edge) => edge.to === node.key).map((edge) => nodes.get(edge.from)?.y ?? 0);
    return heights.length ? heights.reduce((sum, y) => sum + y, 0) / heights.length : 0;
}

/** @param {string} text @param {number} most */
function shortened(text, most) {
    return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** @param {{count: number, errors: number}} of */
function badness(of) {
    return of.errors === 0 ? "" : of.errors * 20 >= of.count ? " bad" : " some";
}

/**
 * @param {Edge} edge
 * @param {Map<string, Node_>} nodes
 * @param {number} part of the height of the box where it ends
 * @param {() => void} open
 */
function edgeView(edge, nodes, part, open) {
    const from = /** @type {Node_} */ (nodes.get(edge.from));
    const to = /** @type {Node_} */ (nodes.get(edge.to));
    const isBack = to.x <= from.x;
    const [x1, y1] = [from.x + NODE_WIDTH, from.y + from.height / 2];
    const [x2, y2] = [isBack ? to.x + NODE_WIDTH : to.x, to.y + to.height * part];
    const path = `M${x1} ${y1}C${x1 + (isBack ? 60 : 70)} ${y1} ${isBack ? x2 + 60 : x1 + 50} ${y2} ${isBack ? x2 : x2 - 130} ${y2}L${x2} ${y2}`;
    const median = percentile(sortNumbers(edge.values), 0.5);
    const said = `${from.name} → ${to.name}: ${counted(edge.count, "transaction")}, ${counted(edge.errors, "error")}, ` +
                 `${median === undefined ? "" : `median ${humanDuration(median)}, `}${[...edge.protocols].join(", ")}`;
    const label = s("text.edgelabel", {x: isBack ? x2 + 12 : x2 - 12, y: y2 - 4, "text-anchor": isBack ? "start" : "end"},
                    `${humanSize(edge.count)} ${shortened(printable([...edge.protocols].join(" ")), 14)}${median === undefined ? "" : ` ${humanDuration(median)}`}`);
    return s("g.edge", {class: `edge${badness(edge)}`, tabindex: 0, role: "button", "aria-label": printable(said), onclick: open,
                        onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && open()},
             s("title", {}, printable(said)), s("path.hit", {d: path}),
             s("path.way", {d: path, "stroke-width": (1.2 + Math.log10(edge.count) / 1.5).toFixed(1), "marker-end": "url(#arrow)"}), label);
}

/**
 * @param {Store} store
 * @param {Row[]} rows
 * @param {(terms: [string, string][]) => void} filter
 */
export function servicesView(store, rows, filter) {
    const {nodes, edges, left} = serviceGraph(store, rows);
    if (!edges.length) {
        return h("p.empty", {}, "Nobody talks to anybody.");
    }
    const {width, height} = layOut(nodes, edges);
    const svg = s("svg.services", {width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "who talks to whom"},
                  s("defs", {}, s("marker", {id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto", markerUnits: "userSpaceOnUse"},
                                  s("path.arrow", {d: "M0 0L8 4L0 8z"}))));
    for (const edge of edges) {
        // In the order of those who ask, so that lines do not cross before a box.
        const siblings = edges.filter(({to}) => to === edge.to).sort((a, b) => (nodes.get(a.from)?.y ?? 0) - (nodes.get(b.from)?.y ?? 0));
        svg.append(edgeView(edge, nodes, (siblings.indexOf(edge) + 1) / (siblings.length + 1), () => filter([["process", edge.process], ...(edge.peer ? /** @type {[string, string][]} */ ([["peer", edge.peer]]) : [])])));
    }
    for (const node of nodes.values()) {
        if (!edges.some(({from, to}) => from === node.key || to === node.key)) {
            continue;
        }
        const open = () => filter([[node.isProcess ? "process" : "peer", node.name]]);
        svg.append(s("g.node", {class: `node${node.isProcess ? " process" : ""}${badness(node)}`, tabindex: 0, role: "button", transform: `translate(${node.x} ${node.y})`,
                                "aria-label": printable(node.name), onclick: open, onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && open()},
                     s("title", {}, printable(node.name)), s("rect", {width: NODE_WIDTH, height: node.height, rx: 8}),
                     s("text.name", {x: 12, y: node.height / 2 - 3}, shortened(printable(node.name), 26)),
                     s("text.sub", {x: 12, y: node.height / 2 + 13}, node.count ? `asked ${node.count.toLocaleString("en")}×${node.errors ? `, ${counted(node.errors, "error")}` : ""}`
                                                             : node.isProcess ? "asks" : "client")));
    }
    const rest = left.reduce((sum, edge) => sum + edge.count, 0);
    return h("div.servicemap", {}, h("p.note", {}, "Processes that were captured have a filled box. A line is as thick as it was used often, and red where there were errors; " +
                                                  "choosing one shows its transactions."),
             left.length ? h("p.note", {}, `${counted(left.length, "line")} with ${counted(rest, "transaction")} are not drawn: filter to see them.`) : null, svg);
}
