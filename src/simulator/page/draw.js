// Draws one message as a phone does. Knows nothing of how messages come or what a tap does: it calls `act`.

import { locale, word } from "./words.js";

const clockTime = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const EMOJIS = ["👍", "❤️", "😂", "😮", "🙏"];

/** An element with classes, attributes and children; text is never markup. */
export function el(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) if (child !== null && child !== undefined && child !== "") node.append(child);
  return node;
}

function button(className, label, onClick, title) {
  const node = el("button", className, label);
  node.type = "button";
  node.addEventListener("click", onClick);
  if (title) {
    node.setAttribute("aria-label", title);
    node.title = title;
  }
  return node;
}

/** *bold*, _italic_, ~struck~ and ```fixed```, as WhatsApp writes them; links open elsewhere. */
export function styled(text) {
  const out = el("span", "text");
  const pattern = /(```[^`]+```|\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~|https?:\/\/[^\s]+)/g;
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    out.append(text.slice(end, found.index));
    const part = found[0];
    end = found.index + part.length;
    if (part.startsWith("http")) out.append(link(part, part));
    else if (part.startsWith("```")) out.append(el("code", "", part.slice(3, -3)));
    else out.append(el({ "*": "strong", _: "em", "~": "s" }[part[0]], "", part.slice(1, -1)));
  }
  out.append(text.slice(end));
  return out;
}

function link(url, label, className) {
  const node = el("a", className ?? "", label);
  if (/^(https?:|tel:)/.test(url)) node.href = url;
  node.target = "_blank";
  node.rel = "noopener noreferrer";
  return node;
}

const svgNames = "http://www.w3.org/2000/svg";
function ticks(state) {
  const node = el("span", `ticks ${state}`);
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", word(state));
  const svg = document.createElementNS(svgNames, "svg");
  svg.setAttribute("viewBox", "0 0 18 12");
  const marks = state === "sent" ? ["M4 6.500l3 3 6-7"] : ["M1 6.500l3 3 6-7", "M7 8.200l1.300 1.300 6-7"];
  for (const mark of marks) {
    const path = document.createElementNS(svgNames, "path");
    path.setAttribute("d", mark);
    svg.append(path);
  }
  node.append(svg);
  return node;
}

function size(bytes) {
  return bytes > 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1e3))} kB`;
}

function media(kind, file, message, act) {
  if (!file) return null;
  if (!file.url) return link(file.link ?? "", `${word("linkOnly")}: ${file.filename ?? file.link ?? "?"}`, "file");
  if (kind === "image" || kind === "sticker") {
    const image = el("img", kind);
    image.src = file.url;
    image.alt = message.text || word(kind === "sticker" ? "sticker" : "picture");
    image.loading = "lazy";
    if (kind === "sticker") return image;
    const open = button("picture", image, () => act.picture(file.url, image.alt), word("open"));
    return open;
  }
  if (kind === "video" || kind === "audio") {
    const player = el(kind, kind);
    player.src = file.url;
    player.controls = true;
    player.preload = "metadata";
    player.setAttribute("aria-label", word(kind === "audio" ? "voiceNote" : "picture"));
    player.addEventListener("play", () => message.direction === "out" && act.played(message.id), { once: true });
    return player;
  }
  const name = file.filename || word("document");
  const card = el("a", "file", el("span", "sheet", (name.split(".").pop() || "").slice(0, 4).toUpperCase()),
    el("span", "file-text", el("strong", "", name), el("span", "", size(file.size ?? 0))));
  card.href = file.url;
  card.download = name;
  return card;
}

function place(spot) {
  if (!spot) return null;
  const where = `${Number(spot.latitude).toFixed(4)}, ${Number(spot.longitude).toFixed(4)}`;
  const text = el("span", "place-text", el("strong", "", spot.name || word("location")), el("span", "", spot.address || where));
  return el("span", "place", el("span", "map"), text);
}

function cards(list) {
  if (!Array.isArray(list)) return null;
  return el("span", "cards", ...list.map((card) => el("span", "card", el("strong", "", card.name?.formatted_name ?? "?"),
    el("span", "", card.phones?.[0]?.phone ?? ""))));
}

function quote(id, byId) {
  const about = byId.get(id);
  if (!about) return null;
  const who = about.direction === "in" ? word("you") : word("business");
  return el("span", "quote", el("strong", "", who), el("span", "", summary(about)));
}

/** One line for lists and quotes. */
export function summary(message) {
  if (message.revoked) return word("removed");
  if (message.text) return message.text;
  const names = { image: "picture", audio: "voiceNote", document: "document", sticker: "sticker", location: "location",
    contacts: "contact", video: "picture", order: "orders" };
  return names[message.type] ? word(names[message.type]) : word("unsupported", message.type);
}

function header(message, act) {
  const top = message.header;
  if (!top) return null;
  if (top.type === "text") return el("strong", "top", top.text);
  return top.type === "location" ? place(top.location) : media(top.type, top.media, message, act);
}

function body(message, byId, act) {
  if (message.revoked) return [el("em", "gone", word("removed"))];
  const known = ["text", "image", "audio", "video", "document", "sticker", "template", "interactive", "button", "location", "contacts"];
  const parts = [quote(message.reply_to, byId), header(message, act), media(message.type, message.media, message, act),
    place(message.location), cards(message.contacts)];
  if (message.text) parts.push(styled(message.text));
  if (!known.includes(message.type)) parts.push(el("em", "gone", word("unsupported", message.type)));
  if (message.footer) parts.push(el("span", "foot", message.footer));
  return parts;
}

function choices(message, act) {
  const made = (message.buttons ?? []).map((choice) => {
    if (choice.type === "url") return link(choice.url, choice.title, "choice out");
    if (choice.type === "phone") return link(`tel:${choice.phone_number}`, choice.title, "choice call");
    return button("choice", choice.title, () => act.choose(message, choice));
  });
  if (message.list) made.push(button("choice listed", message.list.button, () => act.list(message)));
  return made.length ? el("div", "choices", ...made) : null;
}

function actions(message, act) {
  const own = message.direction === "in";
  const bar = el("div", "actions");
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", word("more"));
  bar.append(button("", "↩", () => act.reply(message), word("reply")));
  for (const emoji of EMOJIS) {
    const set = message.reactions?.customer === emoji;
    bar.append(button(set ? "on" : "", emoji, () => act.react(message, set ? "" : emoji), word("react", emoji)));
  }
  if (own && message.type === "text") bar.append(button("", "✎", () => act.edit(message), word("edit")));
  if (own) bar.append(button("", "🗑", () => act.remove(message), word("remove")));
  return bar;
}

/** A message of the list. */
export function drawMessage(message, byId, act) {
  const row = el("li", `row ${message.direction === "in" ? "mine" : "theirs"}`);
  if (message.state === "failed") {
    const code = message.error?.code ?? "?";
    row.className = "row note";
    row.append(el("span", "failed", word("notShown", code), message.text ? ` · ${message.text}` : ""));
    return row;
  }
  const bubble = el("div", `bubble ${message.type === "sticker" ? "bare" : ""}`, ...body(message, byId, act));
  const meta = el("span", "meta", message.edited ? `${word("edited")} · ` : "", clockTime.format(new Date(message.timestamp)));
  if (message.direction === "in" && !message.revoked) meta.append(ticks(message.state));
  bubble.append(meta);
  const hearts = [message.reactions?.customer, message.reactions?.business].filter(Boolean);
  const stack = el("div", "stack", bubble, message.revoked ? null : choices(message, act));
  if (hearts.length) bubble.append(el("span", "hearts", hearts.join(" ")));
  if (!message.revoked) stack.append(actions(message, act));
  row.append(stack);
  return row;
}
