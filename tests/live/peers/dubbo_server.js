// A small Dubbo provider for a real client (there is none in Debian): it writes Hessian 2.0 with hessian.js, and prints its port.
const net = require("net");
const hessian = require("hessian.js");

function answer(id, status, write, event = 0) {
  const encoder = new hessian.EncoderV2();
  write(encoder);
  const body = encoder.byteBuffer._bytes.slice(0, encoder.byteBuffer._offset);
  const header = Buffer.alloc(16);
  header.writeUInt16BE(0xdabb, 0);
  header[2] = 0x02 | event;
  header[3] = status;
  id.copy(header, 4);
  header.writeUInt32BE(body.length, 12);
  return Buffer.concat([header, body]);
}

function invoke(body) {
  const decoder = new hessian.DecoderV2(body);
  const [dubbo, service, version, method] = [decoder.read(), decoder.read(), decoder.read(), decoder.read()];
  const types = decoder.read();
  const args = [];
  for (let left = types.replace(/\[*(L[^;]*;|[A-Z])/g, "x").length; left > 0; --left) args.push(decoder.read());
  return {service, method, args};
}

net.createServer(socket => {
  let pending = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", data => {
    pending = Buffer.concat([pending, data]);
    while (pending.length >= 16 && pending.length >= 16 + pending.readUInt32BE(12)) {
      const size = 16 + pending.readUInt32BE(12);
      const id = pending.slice(4, 12), flags = pending[2], body = pending.slice(16, size);
      pending = pending.slice(size);
      if (flags & 0x20) {
        socket.write(answer(id, 20, e => e.write(null), 0x20));
        continue;
      }
      const {method, args} = invoke(body);
      socket.write(
          method === "sayHello" ? answer(id, 20, e => { e.write(1); e.write(`Hello, ${args[0]}`); }) :
          method === "getUser" ? answer(id, 20, e => {
            e.write(1);
            e.write({$class: "shop.User", $: {id: args[0].id, name: "bob", tags: ["a", "b"], nested: {$class: "shop.Address", $: {city: "Paris"}}}});
          }) :
          method === "nothing" ? answer(id, 20, e => e.write(2)) :
          method === "fail" ? answer(id, 20, e => {
            e.write(0);
            e.write({$class: "java.lang.IllegalStateException", $: {detailMessage: "no way"}});
          }) :
          answer(id, 60, e => e.write(`no such method ${method}`)));
    }
  });
}).listen(0, "127.0.0.1", function() { console.log(this.address().port); });
