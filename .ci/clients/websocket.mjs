// A WebSocket client for .ci/websocket: node's own, or, given its directory, that of
// the package ws.
// Node takes no more than 4 MiB that was compressed.
const [url, dir] = process.argv.slice(2);
const WS = dir ? (await import(dir + "/node_modules/ws/wrapper.mjs")).WebSocket : WebSocket;
const check = (ok, what) => { if (!ok) { console.error("FAILED:", what); process.exit(1); } };

function open(protocols) {
  const ws = new WS(url, protocols);
  ws.binaryType = "arraybuffer";
  const queue = [], waiting = [];
  ws.onmessage = (m) => { const w = waiting.shift(); w ? w(m.data) : queue.push(m.data); };
  ws.next = () => new Promise((r) => { const m = queue.shift(); m !== undefined ? r(m) : waiting.push(r); });
  ws.ended = new Promise((r) => { ws.onclose = r; });
  return new Promise((r, fail) => { ws.onopen = () => r(ws); ws.onerror = (e) => fail(e.error ?? e.message); });
}

const ws = await open(["other", "echo"]);
check(ws.protocol === "echo", "subprotocol " + ws.protocol);
if (dir) check(ws.extensions.includes("permessage-deflate"), "extensions " + ws.extensions);

for (const text of ["", "Hello", "κόσμε 😀", "x".repeat(1000), "long ".repeat(400000)]) {
  ws.send(text);
  check(await ws.next() === text, "text of " + text.length);
}
for (const n of [0, 1, 125, 126, 65535, 65536, 3000000]) {
  const b = new Uint8Array(n);
  for (let i = 0; i < n; i++) b[i] = (i * 2654435761) >>> 13;
  ws.send(b);
  check(Buffer.from(b).equals(Buffer.from(await ws.next())), "binary of " + n);
}
for (let i = 0; i < 1000; i++) ws.send("message " + i);
for (let i = 0; i < 1000; i++) check(await ws.next() === "message " + i, "order");
if (dir) {
  const pong = new Promise((r) => ws.on("pong", r));
  ws.ping("are you there");
  check((await pong).toString() === "are you there", "pong");
}
ws.close(4001, "enough");
let end = await ws.ended;
check(end.code === 4001 && end.wasClean, "our close: " + end.code);

const other = await open([]);
other.send("close 4002 gehört");
end = await other.ended;
check(end.code === 4002 && end.reason === "gehört" && end.wasClean, `its close: ${end.code} ${end.reason}`);

const big = await open([]);
big.send("y".repeat(20 << 20));
end = await big.ended;
check(end.code === 1009, "too big: " + end.code);
console.log("ok");
process.exit(0);
