// A Line is the connection of a page to a room: a WebSocket, or server-sent events and
// POST where that does not come about. It comes back by itself. It knows the last message
// that it has had, so that none is lost and none comes twice, and it says again what is not
// known to be kept.

const first = 400, longest = 15_000; // milliseconds until it tries again
const patience = 8_000; // for a message of ours to be kept

export class Line {
  // hears has a function for each type of what the server sends, and state(state, text),
  // whose state is "away" or "here".
  constructor(room, hears) {
    this.base = `/rooms/${room}/`;
    this.hears = hears;
    this.id = random(); // only this page and the server know it
    this.name = "";
    this.epoch = "";
    this.last = 0;
    this.unsaid = new Map(); // nonce → message, until it is kept
    this.failures = 0;
    this.blocked = 0; // how often there was no WebSocket although the server answers
    this.transport = new URLSearchParams(location.search).get("transport") === "sse" ? "sse" : "websocket";
    addEventListener("online", () => this.connect());
    setInterval(() => this.look(), 1000);
  }

  open(name) {
    this.name = name;
    this.connect();
  }

  nonce() { return random(); }

  // say sends a message until it is kept.
  say(message) {
    this.unsaid.set(message.nonce, message);
    if (this.settled) this.send(message);
  }

  kept(nonce) { this.unsaid.delete(nonce); }

  query() {
    const last = this.epoch && `${this.epoch}-${this.last}`;
    return new URLSearchParams({ id: this.id, name: this.name, last });
  }

  connect() {
    if (!this.name || this.here) return;
    clearTimeout(this.timer);
    this.drop();
    this.hears.state("away", this.failures ? "Connecting again …" : "Connecting …");
    if (this.transport === "sse") this.listen();
    else this.dial();
  }

  dial() {
    const url = new URL(this.base + "socket?" + this.query(), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = this.link = new WebSocket(url);
    socket.onopen = () => { this.blocked = 0; };
    socket.onmessage = e => this.take(socket, JSON.parse(e.data));
    socket.onclose = e => this.lost(socket, e.code === 1012);
  }

  listen() {
    const events = this.link = new EventSource(this.base + "events?" + this.query());
    events.onmessage = e => this.take(events, JSON.parse(e.data));
    events.onerror = () => this.lost(events, false);
  }

  // drop lets go of the connection, which is not heard any more.
  drop() {
    const link = this.link;
    this.link = null;
    this.here = this.settled = false;
    link?.close();
  }

  take(link, e) {
    if (link !== this.link) return;
    switch (e.type) {
      case "hello":
        if (e.epoch !== this.epoch) this.last = 0;
        this.epoch = e.epoch;
        this.here = true;
        this.failures = this.blocked = 0;
        this.hears.state("here", "Connected");
        this.hears.hello(e);
        // What was kept before comes first, and need not be said again.
        setTimeout(() => this.sayAgain(link), 300);
        return;
      case "message":
        if (e.id <= this.last) return;
        this.last = e.id;
        break;
      case "refused":
        if (e.again) return this.later(e.nonce);
        this.unsaid.delete(e.nonce);
    }
    this.hears[e.type]?.(e);
  }

  sayAgain(link) {
    if (link !== this.link) return;
    this.settled = true;
    for (const m of this.unsaid.values()) this.send(m);
  }

  later(nonce) {
    setTimeout(() => {
      const m = this.unsaid.get(nonce);
      if (m && this.settled) this.send(m);
    }, 1000 + 1000 * Math.random());
  }

  send(m) {
    m.since ??= Date.now();
    const text = JSON.stringify({ text: m.text, nonce: m.nonce });
    if (this.transport === "sse") this.post(m, text);
    else if (this.link.readyState === WebSocket.OPEN) this.link.send(text);
  }

  async post(m, text) {
    const link = this.link;
    try {
      const r = await fetch(this.base + "messages?" + this.query(), {
        method: "POST", body: text, headers: { "Content-Type": "application/json" },
      });
      this.take(link, await r.json());
    } catch {
      if (link === this.link) this.later(m.nonce);
    }
  }

  // look gives up a connection on which what was said is not kept.
  look() {
    if (!this.here) return;
    for (const m of this.unsaid.values()) {
      if (Date.now() - m.since < patience) continue;
      for (const m of this.unsaid.values()) m.since = undefined;
      return this.lost(this.link, false);
    }
  }

  // lost is called when a connection has ended, or did not come about. soon says that the
  // server has asked to come back.
  lost(link, soon) {
    if (link !== this.link) return;
    const wasHere = this.here;
    this.drop();
    const wait = soon ? first : Math.min(longest, first * 2 ** this.failures);
    this.failures++;
    if (!wasHere && this.transport === "websocket") this.probe();
    for (const m of this.unsaid.values()) m.since = undefined;
    this.hears.state("away", "Connection lost. Connecting again …");
    this.timer = setTimeout(() => this.connect(), wait * (0.5 + Math.random() / 2));
  }

  // probe finds out whether something in between lets no WebSocket through: if it does not
  // come about time and again, though the server answers.
  async probe() {
    const r = await fetch("/healthz").catch(() => null);
    if (r?.ok && ++this.blocked >= 2) this.transport = "sse";
  }
}

function random() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map(b => b.toString(16).padStart(2, "0")).join("");
}
