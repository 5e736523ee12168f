// HTTPS and HTTP/2 client or server whose messages name their connection: GT[client=A:P,server=B:Q].
//   node.js server|h2server PORT CERT KEY
//   node.js client|h2client PORT CONNECTIONS REQUESTS [UNTIL], a file whose appearance ends the clients
'use strict';
const fs = require('fs');
const https = require('https');
const http2 = require('http2');

const [mode, port, ...rest] = process.argv.slice(2);
const seen = (s) => `GT[client=${s.remoteAddress}:${s.remotePort},server=${s.localAddress}:${s.localPort}]`;
const own = (s) => `GT[client=${s.localAddress}:${s.localPort},server=${s.remoteAddress}:${s.remotePort}]`;

function serve(create) {
  const [cert, key] = rest.map((name) => fs.readFileSync(name));
  const server = create({ cert, key, allowHTTP1: false }, (request, response) => {
    request.resume();
    request.on('end', () => {
      const mark = seen(request.stream?.session?.socket ?? request.socket);
      response.writeHead(200, { 'x-gt': mark });
      response.end((mark + '\n').repeat(3));
    });
  });
  server.listen(Number(port), '127.0.0.1', () => console.log('ready'));
}

const [connections, requests] = rest.map(Number);
const until = rest[2];
const again = (count) => count < requests || (until && !fs.existsSync(until));
const pause = () => new Promise((done) => setTimeout(done, until ? 10 : 0));

async function httpsClient() {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  for (let count = 0; again(count); ++count) {
    await new Promise((done, fail) => {
      const request = https.request({ host: '127.0.0.1', port, agent, method: 'POST', rejectUnauthorized: false });
      request.on('socket', (socket) => {
        const send = () => { const mark = own(socket); request.setHeader('x-gt', mark); request.end(mark); };
        socket.connecting ? socket.once('secureConnect', send) : send();
      });
      request.on('response', (response) => { response.resume(); response.on('end', done); });
      request.on('error', fail);
    });
    await pause();
  }
  agent.destroy();
}

async function http2Client() {
  const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  await new Promise((done) => session.once('connect', done));
  const mark = own(session.socket);
  for (let count = 0; again(count); ++count) {
    await new Promise((done, fail) => {
      const stream = session.request({ ':method': 'POST', ':path': '/' + count, 'x-gt': mark });
      stream.on('error', fail);
      stream.resume();
      stream.on('end', done);
      stream.end(mark);
    });
    await pause();
  }
  session.close();
}

if (mode === 'server') serve(https.createServer);
else if (mode === 'h2server') serve(http2.createSecureServer);
else {
  const one = mode === 'client' ? httpsClient : http2Client;
  Promise.all(Array.from({ length: connections }, one)).catch((error) => { console.error(error); process.exit(1); });
}
