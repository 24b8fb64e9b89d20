// The phone: what it shows, what it writes, and when it reads. Draws with draw.js; the side panels are panels.js.

import { drawMessage, el, summary } from "./draw.js";
import { ask, setUpPanels, showPanels, toast } from "./panels.js";
import { locale, translate, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const FIRST = [["33612345678", "Marie Dupont"], ["447700900123", "Oliver Smith"], ["33698765432", "Karim Benali"]];
const state = { customer: null, account: null, messages: [], shown: new Map(), quoting: null, editing: null, atEnd: true, drafts: new Map() };

function path(tail) {
  return `/sim/customers/${state.customer}${tail}`;
}

/** Writes as the customer. */
async function write(message) {
  const to = state.account ? { to: state.account } : {};
  const context = state.quoting && !message.reaction && !message.context ? { context: { id: state.quoting.id } } : {};
  endQuoting();
  return ask(path("/messages"), "POST", { ...to, ...context, ...message });
}

async function writeFile(file, type) {
  const form = new FormData();
  if (type) form.append("type", type);
  if (state.account) form.append("to", state.account);
  const caption = $("text").value.trim();
  if (caption && type !== "voice") {
    form.append("caption", caption);
    $("text").value = "";
  }
  if (state.quoting) form.append("reply_to", state.quoting.id);
  form.append("file", file, file.name || "voice.ogg");
  endQuoting();
  return ask(path("/messages"), "POST", form);
}

const act = {
  reply(message) {
    state.quoting = message;
    $("quoting-who").textContent = message.direction === "in" ? word("you") : word("business");
    $("quoting-what").textContent = summary(message);
    $("quoting").hidden = false;
    $("text").focus();
  },
  react: (message, emoji) => write({ reaction: { message_id: message.id, emoji } }),
  remove: (message) => write({ revoke: { original_message_id: message.id } }),
  edit(message) {
    state.editing = message;
    $("quoting-who").textContent = word("editing");
    $("quoting-what").textContent = summary(message);
    $("quoting").hidden = false;
    $("text").value = message.text;
    $("text").focus();
  },
  played: (id) => ask(path("/played"), "POST", { id }),
  picture(url, alt) {
    $("picture-image").src = url;
    $("picture-image").alt = alt;
    $("picture").showModal();
  },
  choose(message, choice) {
    const context = { id: message.id };
    if (choice.type === "location_request") return write({ location: HOME, context });
    if (choice.type === "contact_request") return write({ contacts: card(), context });
    if (choice.type === "quick_reply") return write({ button: { payload: choice.payload, text: choice.title }, context });
    const reply = { id: choice.id, title: choice.title };
    return write({ interactive: { type: "button_reply", button_reply: reply }, context });
  },
  list(message) {
    $("list-title").textContent = message.list.button;
    $("list-rows").replaceChildren(...message.list.sections.map((section) => {
      const rows = section.rows.map((row) => {
        const pick = el("button", "pick", el("strong", "", row.title), el("span", "", row.description ?? ""));
        pick.addEventListener("click", () => {
          const reply = { id: row.id, title: row.title, ...(row.description ? { description: row.description } : {}) };
          write({ interactive: { type: "list_reply", list_reply: reply }, context: { id: message.id } });
        });
        return pick;
      });
      return el("div", "section", section.title ? el("h3", "", section.title) : null, ...rows);
    }));
    $("list").showModal();
  },
};

const HOME = { latitude: 48.8606, longitude: 2.3376, name: "Palais Royal", address: "Place du Palais-Royal, Paris" };
function card() {
  return [{ name: { formatted_name: "Lucie Martin", first_name: "Lucie" }, phones: [{ phone: "+33 6 11 22 33 44", type: "MOBILE", wa_id: "33611223344" }] }];
}

function endQuoting() {
  if (state.editing) $("text").value = "";
  state.quoting = null;
  state.editing = null;
  $("quoting").hidden = true;
}

function grow() {
  $("text").rows = Math.min(5, Math.max(1, $("text").value.split("\n").length));
}

async function submit(event) {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || !state.customer) return;
  const edited = state.editing;
  $("text").value = "";
  grow();
  const answer = edited ? await write({ edit: { original_message_id: edited.id, text } }) : await write({ text });
  if (!answer) $("text").value = text;
}

let recorder = null;
async function record() {
  if (recorder) return recorder.stop();
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const type = ["audio/ogg;codecs=opus", "audio/mp4", "audio/webm;codecs=opus"].find((t) => MediaRecorder.isTypeSupported(t));
    const made = new MediaRecorder(stream, type ? { mimeType: type } : undefined);
    const chunks = [];
    made.addEventListener("dataavailable", (event) => chunks.push(event.data));
    made.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      recorder = null;
      recording(false);
      writeFile(new File(chunks, "voice.ogg", { type: made.mimeType || "audio/ogg" }), "voice");
    });
    made.start();
    recorder = made;
    recording(true);
  } catch {
    await write({ voice: {} });
    toast(word("noMic"));
  }
}

function recording(on) {
  $("record").classList.toggle("recording", on);
  $("record").setAttribute("aria-label", word(on ? "stop" : "record"));
  $("text").placeholder = word(on ? "recording" : "message");
}

function day(time, now) {
  const midnight = (t) => new Date(t).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(now) - midnight(time)) / 864e5);
  if (days === 0) return word("today");
  if (days === 1) return word("yesterday");
  return new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" }).format(new Date(time));
}

function showMessages(now) {
  const mine = state.messages.filter((message) => !state.account || message.channel_id === state.account);
  const visible = mine.filter((message) => message.type !== "reaction");
  const byId = new Map(visible.map((message) => [message.id, message]));
  const nodes = [];
  const shown = new Map();
  let lastDay = null;
  for (const message of visible) {
    const today = day(message.timestamp, now);
    if (today !== lastDay) nodes.push(el("li", "row day", el("span", "", today)));
    lastDay = today;
    const key = JSON.stringify(message);
    const old = state.shown.get(message.id);
    const node = old?.key === key ? old.node : drawMessage(message, byId, act);
    shown.set(message.id, { key, node });
    nodes.push(node);
  }
  if (!visible.length) nodes.push(el("li", "row day", el("span", "", word("empty"))));
  const list = $("messages");
  const same = list.children.length === nodes.length && nodes.every((node, n) => list.children[n] === node);
  const more = shown.size > state.shown.size;
  state.shown = shown;
  if (!same) patch(list, nodes);
  if (more) state.atEnd = true;
  keepEnd();
}

/** The newest message stays in sight, also when a picture above it takes its size later. */
function keepEnd() {
  if (state.atEnd) $("talk").scrollTop = $("talk").scrollHeight;
}

function setUpScroll() {
  const talk = $("talk");
  talk.addEventListener("scroll", () => {
    state.atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
  });
  new ResizeObserver(keepEnd).observe($("messages"));
}

/** Puts the nodes in place without touching those that stay, so that a voice note plays on. */
function patch(list, nodes) {
  nodes.forEach((node, n) => {
    if (list.children[n] !== node) list.insertBefore(node, list.children[n] ?? null);
  });
  while (list.children.length > nodes.length) list.lastElementChild.remove();
}

let loading = false;
let again = false;
async function load() {
  if (loading) {
    again = true;
    return;
  }
  loading = true;
  do {
    again = false;
    await loadOnce();
  } while (again);
  loading = false;
}

async function loadOnce() {
  const all = await ask("/sim/customers");
  if (!all) return;
  if (!all.customers.length) {
    for (const [wa_id, name] of FIRST) await ask(`/sim/customers/${wa_id}`, "POST", { name });
    again = true;
    return;
  }
  if (!state.customer) choose(all.customers[0].wa_id);
  if (!state.account) state.account = all.accounts[0]?.channel_id ?? null;
  const told = await ask(path("/messages"));
  if (!told || told.customer.wa_id !== state.customer) return;
  state.messages = told.messages;
  const account = all.accounts.find((one) => one.channel_id === state.account);
  $("business").textContent = account?.display_phone_number ?? "Guichet";
  $("presence").textContent = told.customer.online === false ? word("off") : told.typing ? word("typing") : word("business");
  $("presence").classList.toggle("typing", told.typing);
  $("bar-time").textContent = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" }).format(new Date(all.now));
  showMessages(all.now);
  showPanels(all, told, state);
  const unread = told.messages.some((message) => message.direction === "out" && message.state === "delivered");
  if (unread && $("reads").checked && document.visibilityState === "visible") await ask(path("/read"), "POST");
}

/** Takes another customer's phone in hand. */
function choose(wa_id) {
  if (state.customer) state.drafts.set(state.customer, $("text").value);
  endQuoting();
  state.customer = wa_id;
  state.shown = new Map();
  state.atEnd = true;
  $("messages").replaceChildren();
  $("text").value = state.drafts.get(wa_id) ?? "";
  history.replaceState(null, "", `#${wa_id}`);
}

function menu(open) {
  $("attach-menu").hidden = !open;
  $("attach").setAttribute("aria-expanded", String(open));
  if (open) $("attach-menu").querySelector("button").focus();
}

function setUpComposer() {
  $("composer").addEventListener("submit", submit);
  $("text").addEventListener("input", grow);
  $("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
    if (event.key === "Escape") endQuoting();
  });
  $("text").addEventListener("paste", (event) => {
    for (const file of event.clipboardData.files) writeFile(file);
  });
  $("quoting-end").addEventListener("click", endQuoting);
  $("record").addEventListener("click", record);
  $("attach").addEventListener("click", () => menu($("attach-menu").hidden));
  document.addEventListener("keydown", (event) => event.key === "Escape" && menu(false));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#attach, #attach-menu")) menu(false);
  });
  $("attach-menu").addEventListener("click", (event) => {
    const kind = event.target.closest("button")?.dataset.send;
    if (!kind) return;
    menu(false);
    if (kind.startsWith("file-")) return $(kind).click();
    const given = { location: HOME, contacts: card(), unsupported: { type: "poll" } };
    write({ [kind]: given[kind] ?? {} });
  });
  for (const id of ["file-image", "file-document"]) {
    $(id).addEventListener("change", async () => {
      for (const file of $(id).files) await writeFile(file, id === "file-document" ? "document" : undefined);
      $(id).value = "";
    });
  }
}

translate();
state.customer = /^#\d{5,15}$/.test(location.hash) ? location.hash.slice(1) : null;
setUpComposer();
setUpScroll();
setUpPanels({ state, load, choose: (wa_id) => { choose(wa_id); load(); } });
const stream = new EventSource("/sim/events");
stream.addEventListener("change", load);
document.addEventListener("visibilitychange", load);
// Typing marks end by the clock alone, with no change to tell of it.
setInterval(load, 5000);
load();
