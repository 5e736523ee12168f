// node's http2, as server ("serve CERT KEY", prints its port) or as client ("call PORT CERT", waits for a line on its
// standard input): what a browser does, and a WebSocket by extended CONNECT (RFC 8441).
const fs = require('fs');
const http2 = require('http2');
const zlib = require('zlib');

function frame(text, masked) {
    const payload = Buffer.from(text);
    const head = [0x81, payload.length | (masked ? 0x80 : 0)];
    if (!masked) return Buffer.concat([Buffer.from(head), payload]);
    const mask = Buffer.from([1, 2, 3, 4]);
    return Buffer.concat([Buffer.from(head), mask, payload.map((byte, i) => byte ^ mask[i % 4])]);
}

function serve(cert, key) {
    const server = http2.createSecureServer(
        {cert: fs.readFileSync(cert), key: fs.readFileSync(key), settings: {enableConnectProtocol: true}});
    server.on('stream', (stream, headers) => {
        const path = headers[':path'];
        stream.on('error', () => {});  // by /reset
        if (headers[':method'] === 'CONNECT') {
            stream.respond({':status': 200});
            stream.once('data', () => stream.write(frame('welcome')));
            stream.on('end', () => stream.end());
        } else if (path === '/page') {
            stream.pushStream({':path': '/style.css'}, (error, push) => {
                push.respond({':status': 200, 'content-type': 'text/css'});
                push.end('body { color: red }');
            });
            stream.respond({':status': 200, 'content-type': 'text/html; charset=iso-8859-1'});
            stream.end(Buffer.from('<p>gr\xfc\xdfe</p>', 'latin1'));
        } else if (path === '/data.json') {
            stream.respond({':status': 200, 'content-type': 'application/json', 'content-encoding': 'br'});
            stream.end(zlib.brotliCompressSync('{"items":[1,2,3],"more":false}'));
        } else if (path === '/reset') {
            stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
        } else if (path === '/upload') {
            let size = 0;
            stream.on('data', (data) => size += data.length);
            stream.on('end', () => {
                stream.additionalHeaders({':status': 103, link: '</style.css>'});
                stream.respond({':status': 201, trailer: 'x-size'}, {waitForTrailers: true});
                stream.on('wantTrailers', () => stream.sendTrailers({'x-size': String(size)}));
                stream.end('stored');
            });
        } else {
            stream.respond({':status': 404}, {endStream: true});
        }
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

async function call(port, cert) {
    // Not by name: node 18 tries only the first address of localhost.
    const session = http2.connect(`https://127.0.0.1:${port}`, {ca: fs.readFileSync(cert), servername: 'localhost'});
    session.on('stream', (pushed) => pushed.resume());
    const get = (headers, body) => new Promise((done) => {
        const stream = session.request(headers, {endStream: body === undefined});
        stream.resume();
        stream.on('error', done);
        stream.on('close', done);
        if (body !== undefined) stream.end(body);
    });
    await new Promise((done) => session.once('remoteSettings', done));
    await get({':path': '/page'});
    await Promise.all([get({':path': '/data.json'}), get({':path': '/missing'}), get({':path': '/reset'})]);
    await get({':method': 'POST', ':path': '/upload', 'content-type': 'application/octet-stream'}, Buffer.alloc(20000, 'upload '));
    await new Promise((done) => {
        const socket = session.request({':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat',
                                        'sec-websocket-version': '13'}, {endStream: false});
        socket.on('response', () => socket.write(frame('hello from node', true)));
        socket.on('data', () => socket.end());
        socket.on('close', done);
    });
    session.close(() => { console.log('done'); process.exit(); });
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'serve') serve(...rest);
else process.stdin.once('data', () => { process.stdin.pause(); call(...rest); });
