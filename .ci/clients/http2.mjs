// Many requests on one connection of HTTP/2, by node's own client:
//
//	node http2.mjs http://127.0.0.1:8080
import http2 from "node:http2";

const [base] = process.argv.slice(2);
const check = (ok, what) => { if (!ok) throw new Error(what); };
const session = http2.connect(base, {settings: {enablePush: false}, maxSessionMemory: 1000});
session.on("error", e => { console.log("node: the connection:", e); process.exit(1); });

// ask sends a request and returns what was answered.
const ask = (headers, body, trailers) => new Promise((done, failed) => {
	const stream = session.request(headers, {endStream: body === undefined, waitForTrailers: trailers !== undefined});
	const got = {body: [], trailers: {}};
	if (trailers) stream.on("wantTrailers", () => stream.sendTrailers(trailers));
	stream.on("response", h => { got.head = h; });
	stream.on("trailers", t => { got.trailers = t; });
	stream.on("data", b => got.body.push(b));
	stream.on("error", failed);
	stream.on("end", () => done({...got, body: Buffer.concat(got.body)}));
	if (body !== undefined) stream.end(body);
});

const hellos = await Promise.all([...Array(200).keys()].map(() => ask({":path": "/hello"})));
check(hellos.every(r => r.head[":status"] === 200 && r.body.toString() === "hello\n"), "hello");
await Promise.all([...Array(50).keys()].map(async i => {
	const body = Buffer.alloc(i * 10_007, "" + i);
	const r = await ask({":path": "/echo", ":method": "POST"}, body);
	check(r.body.equals(body), "echo");
}));
const summed = await ask({":path": "/sum", ":method": "POST", trailer: "told"}, "abc", {told: "this"});
check(summed.trailers.sum?.startsWith("ba7816bf"), "a trailer");
check(summed.trailers.heard === "this", "the trailer of a request");

// A response that is given up harms no other.
for (let i = 0; i < 50; i++) {
	const stream = session.request({":path": "/big"});
	await new Promise(done => {
		stream.on("response", () => stream.close(http2.constants.NGHTTP2_CANCEL));
		stream.on("close", done);
		stream.on("error", () => {});
	});
}
check((await ask({":path": "/big"})).body.length === 1 << 20, "big, after some that were given up");
await new Promise((done, failed) => session.ping(e => e ? failed(e) : done()));
await new Promise(done => session.close(done));
console.log("node: ok");
