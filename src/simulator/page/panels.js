// The panels beside the phone: customers, clock, this phone's settings, faults, webhooks. Knows nothing of messages.

import { el, summary } from "./draw.js";
import { locale, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const FAULTS = {
  f131056: { error_code: 131056 }, f130429: { error_code: 130429 }, f131000: { error_code: 131000 }, f190: { error_code: 190 },
  f131047: { error_code: 131047, as_status: true }, f131026: { error_code: 131026, as_status: true },
  f131049: { error_code: 131049, as_status: true }, bare503: { status: 503 }, garbage: { garbage: true },
  before: { drop: "before" }, after: { drop: "after" }, delay: { delay_ms: 5000 },
};

let toastEnd = 0;
/** Says something for a while. */
export function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastEnd);
  toastEnd = setTimeout(() => { $("toast").hidden = true; }, 6000);
}

/** Asks the simulator; a refusal is shown and gives null. */
export async function ask(path, method = "GET", body) {
  try {
    const form = body instanceof FormData;
    const headers = body && !form ? { "content-type": "application/json" } : {};
    const answer = await fetch(path, { method, headers, body: form ? body : body && JSON.stringify(body) });
    if (answer.status === 204) return {};
    const told = await answer.json();
    if (answer.ok) return told;
    toast(told.error ?? `HTTP ${answer.status}`);
  } catch {
    toast(word("lost"));
  }
  return null;
}

const listTime = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const longTime = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function person(customer, chosen, onChoose) {
  const letters = customer.name.replace(/^\+/, "").split(/\s+/).map((part) => part[0] ?? "").join("").slice(0, 2).toUpperCase();
  const avatar = el("span", `avatar c${Number(customer.wa_id.slice(-2)) % 6}`, letters);
  avatar.setAttribute("aria-hidden", "true");
  const last = customer.last_message;
  const line = last ? summary(last) : `+${customer.wa_id}`;
  const text = el("span", "person-text", el("strong", "", customer.name), el("span", "", line));
  const side = el("span", "person-side", last ? el("span", "", listTime.format(new Date(customer.active_at))) : "");
  if (customer.unread) {
    const badge = el("span", "badge", String(customer.unread));
    badge.setAttribute("aria-label", word("unread", customer.unread));
    side.append(badge);
  }
  const pick = el("button", chosen ? "person chosen" : "person", avatar, text, side);
  pick.type = "button";
  pick.dataset.id = customer.wa_id;
  if (chosen) pick.setAttribute("aria-current", "true");
  pick.addEventListener("click", () => onChoose(customer.wa_id));
  return el("li", "", pick);
}

let desk = null;
let peopleShown = "";

/** Shows what the simulator told. */
export function showPanels(all, told, state) {
  const key = JSON.stringify([all.customers, state.customer]);
  if (key !== peopleShown) {
    peopleShown = key;
    const focused = document.activeElement?.dataset?.id;
    $("people").replaceChildren(...all.customers.map((one) => person(one, one.wa_id === state.customer, desk.choose)));
    if (focused) $("people").querySelector(`[data-id="${focused}"]`)?.focus();
  }
  const account = $("account");
  account.hidden = all.accounts.length < 2;
  if (account.options.length !== all.accounts.length) {
    account.replaceChildren(...all.accounts.map((one) => new Option(one.display_phone_number, one.channel_id)));
  }
  account.value = state.account;
  $("now").textContent = longTime.format(new Date(all.now));
  const end = told.windows[state.account];
  $("window").textContent = end ? word("windowOpen", longTime.format(new Date(end))) : word("windowClosed");
  $("window").classList.toggle("shut", !end);
  $("online").checked = told.customer.online !== false;
  $("hides").checked = told.customer.hides_number === true;
  $("missing").checked = told.customer.on_whatsapp === false;
  showHook(all.accounts.find((one) => one.channel_id === state.account)?.webhook);
  showFaults();
}

function showHook(hook) {
  const last = hook?.last_attempt;
  const good = last?.status >= 200 && last?.status < 300;
  const parts = [!last ? word("hookNone") : good ? word("hookOk", last.status) : word("hookBad", last.status ?? last.error)];
  if (hook?.waiting) parts.push(word("hookWaiting", hook.waiting));
  $("hook").textContent = parts.join(" · ");
  $("hook").classList.toggle("bad", Boolean(last) && !good);
}

async function showFaults() {
  const set = await ask("/sim/faults");
  if (!set) return;
  $("duplicate").checked = set.duplicate;
  $("sync").checked = set.sync_window;
  const told = ["error_code", "status", "drop"].filter((key) => set[key]).map((key) => String(set[key]));
  if (set.garbage) told.push(word("garbage"));
  if (set.delay_ms) told.push(`${set.delay_ms} ms`);
  if (told.length && set.count) told.push(`× ${set.count}`);
  $("fault-state").textContent = told.length ? word("faultSet", told.join(" ")) : word("noFault");
  $("fault-state").classList.toggle("on", told.length > 0);
}

function setFaults(fault) {
  return ask("/sim/faults", "POST", { ...fault, duplicate: $("duplicate").checked, sync_window: $("sync").checked });
}

function setUpFaults() {
  $("fault").replaceChildren(...Object.keys(FAULTS).map((key) => new Option(word(key), key)));
  $("faults").addEventListener("submit", (event) => {
    event.preventDefault();
    setFaults({ ...FAULTS[$("fault").value], count: Number($("count").value) || 1 });
  });
  for (const id of ["duplicate", "sync"]) $(id).addEventListener("change", () => setFaults({}));
  $("clear").addEventListener("click", () => ask("/sim/faults", "DELETE"));
}

/** Connects the panels. `given`: state, load, choose. */
export function setUpPanels(given) {
  desk = given;
  setUpFaults();
  $("account").addEventListener("change", () => {
    given.state.account = $("account").value;
    given.state.shown = new Map();
    given.load();
  });
  $("add").addEventListener("submit", async (event) => {
    event.preventDefault();
    const number = $("add-number").value.replace(/\D/g, "");
    const name = $("add-name").value.trim();
    const made = await ask(`/sim/customers/${number || "?"}`, "POST", name ? { name } : {});
    if (!made) return;
    $("add").reset();
    given.choose(made.wa_id);
  });
  const advance = (by) => ask("/sim/clock", "POST", { advance: by });
  for (const node of document.querySelectorAll("[data-advance]")) {
    node.addEventListener("click", () => advance(node.dataset.advance));
  }
  $("advance").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await advance($("advance-by").value)) $("advance").reset();
  });
  const settings = { online: ["online", (on) => on], hides: ["hides_number", (on) => on], missing: ["on_whatsapp", (on) => !on] };
  for (const [id, [field, value]] of Object.entries(settings)) {
    $(id).addEventListener("change", () => ask(`/sim/customers/${given.state.customer}`, "POST", { [field]: value($(id).checked) }));
  }
  $("reads").addEventListener("change", given.load);
}
