// The page of the chat: what is on it, and what the user does.
import { Line } from "./line.js";

const $ = id => document.getElementById(id);
const room = location.pathname.split("/")[2];
const people = new Map(); // who → name
const ours = new Map(); // nonce → message that was written here
let me = "", unread = 0, lastShown = null, greeted = false;

document.title = "#" + room;
$("room").textContent = room;

const line = new Line(room, {
  state(state, text) {
    document.body.dataset.state = state;
    document.body.dataset.transport = line.transport;
    $("state").textContent = text;
  },
  hello(e) {
    me = e.you;
    people.clear();
    for (const p of e.people) people.set(p.who, p.name);
    people.set(me, line.name);
    showPeople();
    if (e.missed) notice("Some older messages are not kept any more.");
    greeted = true;
  },
  presence(e) {
    const joined = e.joined ?? [], left = e.left ?? [];
    const came = joined.filter(p => !people.has(p.who));
    for (const p of joined) people.set(p.who, p.name);
    for (const p of left) people.delete(p.who);
    showPeople();
    if (came.length) notice(names(came) + " joined");
    if (left.length) notice(names(left) + " left");
  },
  message(e) {
    const own = e.who === me && ours.get(e.nonce);
    if (!own) return show(e);
    kept(e.nonce);
    own.li.dataset.id = e.id;
  },
  ack(e) { kept(e.nonce); },
  refused(e) {
    const m = ours.get(e.nonce);
    if (m) fail(m, e.reason);
  },
});

// show shows a message at the end.
function show(m) {
  const atEnd = isAtEnd(), mine = m.who === me;
  const li = make("li", "message new" + (mine ? " mine" : ""));
  li.style.setProperty("--hue", hue(m.who));
  const more = lastShown && lastShown.who === m.who && m.at - lastShown.at < 5 * 60e3;
  if (more) li.classList.add("more");
  const by = make("div", "by");
  const time = make("time", "", new Date(m.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = new Date(m.at).toISOString();
  by.append(make("b", "", m.name), time);
  li.append(face(m.name, m.who), by, make("div", "text", m.text));
  if (m.id) li.dataset.id = m.id;
  append(li);
  lastShown = m;
  if (atEnd || mine) toEnd();
  else $("down").hidden = false;
  if (document.hidden && !mine) document.title = `(${++unread}) #${room}`;
  return li;
}

// notice shows something that nobody has said.
function notice(text) {
  const atEnd = isAtEnd();
  append(make("li", "notice", text));
  lastShown = null;
  if (atEnd) toEnd();
}

// append appends to the list, which does not grow for ever.
function append(li) {
  const list = $("messages");
  list.append(li);
  while (list.childElementCount > 1000) list.firstElementChild.remove();
}

function say(text) {
  const m = { nonce: line.nonce(), text, who: me, name: line.name, at: Date.now() };
  m.li = show(m);
  m.li.classList.add("waiting");
  ours.set(m.nonce, m);
  line.say(m);
}

// kept takes note that a message of ours is kept.
function kept(nonce) {
  line.kept(nonce);
  ours.get(nonce)?.li.classList.remove("waiting");
}

function fail(m, reason) {
  m.li.classList.replace("waiting", "failed");
  m.li.append(make("div", "note", "Not sent. " + reason));
  toEnd();
}

function showPeople() {
  $("count").textContent = people.size;
  const sorted = [...people].sort(([, a], [, b]) => a.localeCompare(b));
  $("people").replaceChildren(...sorted.map(([who, name]) => {
    const li = make("li", who === me ? "me" : "");
    li.append(face(name, who), make("span", "", name));
    return li;
  }));
}

function names(all) {
  const some = all.slice(0, 3).map(p => p.name).join(", ");
  return all.length > 3 ? `${some} and ${all.length - 3} more` : some;
}

// make makes an element. What users write only ever becomes the content of a text node.
function make(tag, className, text) {
  const e = document.createElement(tag);
  e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}

function face(name, who) {
  const words = name.split(" ");
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map(w => [...w][0] ?? "").join("");
  const f = make("span", "face", initials.toUpperCase());
  f.ariaHidden = "true";
  f.style.setProperty("--hue", hue(who));
  return f;
}

function hue(who) { return parseInt(who.slice(0, 4) || "0", 16) % 360; }

function isAtEnd() {
  const l = $("messages");
  return l.scrollHeight - l.scrollTop - l.clientHeight < 60;
}

function toEnd() {
  $("messages").scrollTop = $("messages").scrollHeight;
  $("down").hidden = true;
}

$("down").onclick = toEnd;
$("messages").onscroll = () => { if (isAtEnd()) $("down").hidden = true; };
$("say").onsubmit = e => {
  e.preventDefault();
  const text = $("text").value.trim();
  if (!text || !greeted) return;
  $("text").value = "";
  say(text);
  $("text").focus();
};
$("text").onkeydown = e => {
  if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
  e.preventDefault();
  $("say").requestSubmit();
};
$("go").onsubmit = e => {
  e.preventDefault();
  location.href = "/rooms/" + new FormData(e.target).get("room") + location.search;
};
$("show-people").onclick = () => {
  const open = $("side").classList.toggle("open");
  $("show-people").ariaExpanded = String(open);
};
document.onvisibilitychange = () => {
  if (document.hidden) return;
  unread = 0;
  document.title = "#" + room;
};

function enter(name) {
  sessionStorage.setItem("entered", "yes"); // a reload does not ask again
  for (const e of $("say").elements) e.disabled = false;
  $("text").focus();
  line.open(name);
}

const known = localStorage.getItem("name");
$("name-form").elements.name.value = known ?? "";
$("ask").oncancel = e => e.preventDefault();
$("name-form").onsubmit = e => {
  e.preventDefault();
  const name = new FormData(e.target).get("name").trim().replace(/\s+/g, " ");
  if (!name) return;
  localStorage.setItem("name", name);
  $("ask").close();
  enter(name);
};
if (known && sessionStorage.getItem("entered")) enter(known);
else $("ask").showModal();
