// relay.js PORT UPSTREAM [restless]: asks UPSTREAM for whatever it is asked for itself, and, if it is restless, for other things
// all the time.
const http = require("http");

const [port, upstream, mode] = process.argv.slice(2);
const agent = new http.Agent({keepAlive: true});

function ask(path, done) {
    http.get({host: "127.0.0.1", port: upstream, path, agent}, (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () => done(Buffer.concat(parts)));
    });
}

const server = http.createServer((request, response) => ask(request.url, (body) => {
    response.setHeader("Content-Length", body.length);
    response.end(body);
}));
server.keepAliveTimeout = 60000;
server.listen(port, "127.0.0.1", 128);

let number = 0;
if (mode === "restless") setInterval(() => ask(`/by-itself/${++number}`, () => {}), 2);
