// The visitor's page: one socket, one list, one form. Everything that people wrote goes in as text, never as markup.
'use strict';
(() => {
  const known = JSON.parse(document.documentElement.dataset.known);
  const french = document.documentElement.lang === 'fr';
  const say = french
    ? {
        label: 'Votre message', send: 'Envoyer', attach: 'Joindre un fichier', close: 'Fermer la discussion', older: 'Messages précédents',
        you: 'Vous', us: 'Nous', typing: 'On vous écrit…', waiting: 'Quelqu’un va vous répondre.', open: (name) => (name ? `${name} vous répond.` : 'Nous vous répondons.'),
        ended: 'Cette discussion est terminée. Écrivez pour la reprendre.', lost: 'Connexion perdue, nouvel essai…', sending: 'Envoi…', sent: 'Envoyé', read: 'Lu',
        failed: 'Non envoyé', again: 'Renvoyer', large: 'Ce fichier est trop grand.', kind: 'Ce type de fichier n’est pas accepté.', file: 'Ce fichier n’a pas pu être envoyé.',
        long: 'Ce message est trop long.', out: 'Cette discussion n’est pas possible pour le moment.', open_file: 'Ouvrir',
      }
    : {
        label: 'Your message', send: 'Send', attach: 'Attach a file', close: 'Close the chat', older: 'Earlier messages',
        you: 'You', us: 'Us', typing: 'Somebody is typing…', waiting: 'Somebody will answer you.', open: (name) => (name ? `${name} is answering you.` : 'We are answering you.'),
        ended: 'This conversation has ended. Write to take it up again.', lost: 'Connection lost, trying again…', sending: 'Sending…', sent: 'Sent', read: 'Read',
        failed: 'Not sent', again: 'Send again', large: 'This file is too large.', kind: 'This type of file is not accepted.', file: 'This file could not be sent.',
        long: 'This message is too long.', out: 'This chat is not possible at the moment.', open_file: 'Open',
      };
  const $ = (id) => document.getElementById(id);
  const [log, list, form, text, file, older, problem, typing] = ['log', 'messages', 'form', 'text', 'file', 'older', 'problem', 'typing'].map($);
  const face = $('face');
  const icon = face.firstElementChild;
  $('text-label').textContent = text.placeholder = say.label;
  text.maxLength = known.text_max;
  file.accept = known.file_types.join(',');
  older.textContent = say.older;
  for (const [id, words] of [['send', say.send], ['attach', say.attach], ['close', say.close]]) $(id).setAttribute('aria-label', words);

  // What survives a reload. A browser that keeps nothing for frames gets a conversation for this page only.
  const kept = (store, key) => ({
    get: () => { try { return store().getItem(key); } catch { return null; } },
    set: (value) => { try { value === null ? store().removeItem(key) : store().setItem(key, value); } catch { /* this page only */ } },
  });
  const tokens = kept(() => localStorage, `guichet.chat.${known.channel}`);
  const outbox = kept(() => sessionStorage, `guichet.chat.${known.channel}.outbox`);

  let token = tokens.get();
  let identity = null;
  let socket = null;
  let ready = false;
  let cursor = null;
  let tries = 0;
  let retry = 0;
  let shown = window.parent === window;
  let host = null;
  let unseen = 0;
  let newest = null;
  let readUpTo = null;
  let state = { conversation: 'none', unread: 0 };
  /** Messages on the page, by id; and ours that are not stored yet, by our id. */
  const byId = new Map();
  const pending = new Map();

  const number = (id) => Number(id.slice(1));
  const make = (tag, className, words) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (words) element.textContent = words;
    return element;
  };
  const complain = (words) => { problem.textContent = words; };
  const tell = (frame) => { if (ready) socket.send(JSON.stringify(frame)); };

  // ---- the list ----
  function withLinks(element, words) {
    for (const part of words.split(/(https?:\/\/[^\s<>"]+)/u)) {
      if (!/^https?:\/\//u.test(part)) { element.append(part); continue; }
      const link = make('a', '', part);
      link.href = part;
      link.target = '_blank';
      link.rel = 'noopener noreferrer nofollow';
      link.style.color = 'inherit';
      element.append(link);
    }
  }
  async function bytesOf(media) {
    const answer = await fetch(`media/${encodeURIComponent(media.media_id)}`, { headers: { authorization: `Bearer ${identity ?? token}` } });
    if (!answer.ok) throw new Error(String(answer.status));
    return URL.createObjectURL(await answer.blob());
  }
  function picture(media) {
    const image = make('img');
    image.alt = media.filename ?? '';
    bytesOf(media).then((url) => { image.src = url; image.onload = () => { URL.revokeObjectURL(url); toEnd(); }; }, () => image.replaceWith(attachment(media)));
    return image;
  }
  function attachment(media) {
    const button = make('button', 'file', media.filename ?? say.open_file);
    button.type = 'button';
    button.onclick = async () => {
      try {
        const link = make('a');
        link.href = await bytesOf(media);
        link.download = media.filename ?? '';
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      } catch { complain(say.lost); }
    };
    return button;
  }
  function draw(message) {
    const item = make('li', message.from);
    const who = message.from === 'visitor' ? say.you : (message.name ?? say.us);
    item.dataset.who = message.from + who;
    item.append(make('span', message.from === 'agent' ? 'who' : 'who unseen', who));
    for (const media of message.media ?? []) item.append(/^image\/(png|jpe?g|gif|webp|avif)$/u.test(media.mime) ? picture(media) : attachment(media));
    const words = make('span');
    withLinks(words, message.text);
    const foot = make('span', 'foot');
    item.append(words, foot);
    return { item, foot };
  }
  // The page's language, as it is written where the visitor lives.
  const place = navigator.languages.find((one) => one.startsWith(document.documentElement.lang)) ?? document.documentElement.lang;
  function time(at) {
    const date = new Date(at);
    const day = date.toDateString() === new Date().toDateString() ? {} : { day: 'numeric', month: 'short' };
    return date.toLocaleString(place, { ...day, hour: 'numeric', minute: '2-digit' });
  }
  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  let follow = true;
  log.onscroll = () => { follow = atEnd(); };
  const toEnd = () => { if (follow) log.scrollTop = log.scrollHeight; };

  function put(message) {
    const own = message.client_id && pending.get(message.client_id);
    if (own) { own.row.item.remove(); pending.delete(message.client_id); keepOutbox(); }
    const drawn = draw(message);
    byId.get(message.message_id)?.row.item.remove();
    const id = number(message.message_id);
    byId.set(message.message_id, { message, row: drawn });
    const after = [...list.children].find((item) => Number(item.dataset.id ?? Infinity) > id);
    drawn.item.dataset.id = id;
    list.insertBefore(drawn.item, after ?? null);
    if (message.from !== 'visitor') newest = newest === null ? id : Math.max(newest, id);
  }
  /** Ticks: the visitor's newest messages that nobody has read are "sent", those before are "read". */
  function ticks() {
    const own = [...byId.values()].filter(({ message }) => message.from === 'visitor').sort((a, b) => number(a.message.message_id) - number(b.message.message_id));
    own.forEach(({ message, row }, at) => {
      const read = at < own.length - state.unread;
      const marks = make('span', 'ticks', read ? '✓✓' : '✓');
      marks.setAttribute('aria-hidden', 'true');
      row.foot.replaceChildren(time(message.sent_at), marks, make('span', 'word', read ? say.read : say.sent));
      row.item.classList.toggle('newest', at === own.length - 1);
    });
    for (const { message, row } of byId.values()) if (message.from !== 'visitor') row.foot.textContent = time(message.sent_at);
    $('state').textContent = state.conversation === 'open' ? say.open(state.agent) : (say[state.conversation] ?? '');
    const initials = state.conversation === 'open' && state.agent ? state.agent.split(/\s+/u).map((word) => [...word][0]).slice(0, 2).join('') : '';
    face.replaceChildren(initials || icon);
    group();
  }
  /** Who goes on writing is named once. */
  function group() {
    let before = null;
    for (const item of list.children) {
      item.classList.toggle('again', item.dataset.who === before);
      before = item.dataset.who;
    }
  }
  function types(on) {
    const dots = make('span', 'dots');
    dots.append(make('i'), make('i'), make('i'));
    typing.replaceChildren(...(on ? [dots, make('span', '', ` ${say.typing}`)] : []));
  }
  function silently(change) {
    log.setAttribute('aria-live', 'off');
    change();
    requestAnimationFrame(() => setTimeout(() => log.setAttribute('aria-live', 'polite'), 100));
  }

  // ---- reading ----
  function seen() {
    if (newest === null) return;
    const visible = shown && document.visibilityState === 'visible';
    if (visible && readUpTo !== newest) {
      tell({ type: 'read', message_id: `m${newest}` });
      if (ready) readUpTo = newest;
    }
    if (visible) badge(0);
  }
  function badge(count) {
    unseen = count;
    if (host) window.parent.postMessage({ type: 'guichet:unread', count }, host);
  }

  // ---- writing ----
  const keepOutbox = () => {
    const waiting = [...pending.values()].filter((own) => !own.failed && !own.stored).map(({ frame }) => frame);
    outbox.set(waiting.length ? JSON.stringify(waiting) : null);
  };
  function write(frame, media) {
    const row = draw({ from: 'visitor', text: frame.text ?? '', media: [] });
    if (media) row.item.insertBefore(make('span', '', media.filename ?? say.open_file), row.item.lastChild);
    pending.set(frame.client_id, { frame, row, failed: false });
    row.foot.textContent = say.sending;
    list.append(row.item);
    group();
    follow = true;
    toEnd();
    keepOutbox();
    tell(frame);
  }
  function fail(own, words) {
    own.failed = true;
    own.row.item.classList.add('failed');
    own.row.foot.textContent = `${say.failed}. ${words}`;
    const again = make('button', 'file', say.again);
    again.type = 'button';
    again.onclick = () => {
      pending.delete(own.frame.client_id);
      own.row.item.remove();
      write({ ...own.frame, client_id: newId() });
    };
    own.row.foot.append(' ', again);
    keepOutbox();
  }
  const newId = () => (crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
  form.onsubmit = (event) => {
    event.preventDefault();
    const words = text.value.trim();
    if (!words) return text.focus();
    complain('');
    text.value = '';
    write({ type: 'message', client_id: newId(), text: words });
    text.focus();
  };
  text.onkeydown = (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  };
  let typed = 0;
  text.oninput = () => {
    if (Date.now() - typed < 3000) return;
    typed = Date.now();
    tell({ type: 'typing' });
  };
  $('attach').onclick = () => file.click();
  file.onchange = () => { for (const one of file.files) void upload(one); file.value = ''; };
  text.onpaste = (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    files.forEach((one) => void upload(one));
  };
  async function upload(one) {
    complain('');
    if (one.size > known.file_max) return complain(say.large);
    const body = new FormData();
    body.append('file', one);
    $('attach').disabled = true;
    try {
      const answer = await fetch('media', { method: 'POST', body, headers: { authorization: `Bearer ${identity ?? token}` } });
      if (!answer.ok) return complain(answer.status === 413 ? say.large : answer.status === 415 ? say.kind : say.file);
      const made = await answer.json();
      write({ type: 'message', client_id: newId(), media_id: made.media_id }, made);
    } catch {
      complain(say.file);
    } finally {
      $('attach').disabled = false;
    }
  }
  older.onclick = () => {
    const first = list.querySelector('[data-id]:not([data-id="0"])');
    if (first) tell({ type: 'history', before: `m${first.dataset.id}` });
  };

  // ---- the socket ----
  let typingEnds = 0;
  const hear = {
    hello() { socket.send(JSON.stringify({ type: 'start', ...(identity ? { identity } : token ? { token } : {}), ...(cursor ? { cursor } : {}) })); },
    started(frame) {
      ready = true;
      tries = 0;
      complain('');
      if (frame.token) tokens.set((token = frame.token));
      silently(() => {
        if (!frame.resumed) { for (const { row } of byId.values()) row.item.remove(); byId.clear(); older.hidden = !frame.more; }
        frame.messages.forEach(put);
        if (!byId.size && !pending.size && !list.children.length) greet();
      });
      ({ cursor, state } = frame);
      if (newest !== null) tell({ type: 'delivered', message_id: `m${newest}` });
      for (const own of pending.values()) if (!own.failed && !own.stored) tell(own.frame);
      ticks(); toEnd(); seen();
    },
    message(frame) {
      const before = byId.has(frame.message.message_id);
      put(frame.message);
      cursor = frame.cursor;
      if (frame.message.from !== 'visitor') {
        types(false);
        tell({ type: 'delivered', message_id: frame.message.message_id });
        if (!before && !(shown && document.visibilityState === 'visible')) badge(unseen + 1);
      }
      ticks(); toEnd(); seen();
    },
    stored(frame) {
      const own = pending.get(frame.client_id);
      if (!own) return;
      own.stored = true;
      own.row.foot.textContent = say.sent;
      keepOutbox();
    },
    refused(frame) {
      const own = frame.client_id && pending.get(frame.client_id);
      if (!own) return;
      if (frame.kind === 'rate_limited' || frame.kind === 'unavailable') setTimeout(() => { if (pending.has(frame.client_id)) tell(own.frame); }, 3000);
      else fail(own, frame.kind === 'too_large' ? say.long : frame.kind === 'not_found' ? say.file : '');
    },
    state(frame) { state = frame.state; ticks(); },
    typing() {
      types(true);
      clearTimeout(typingEnds);
      typingEnds = setTimeout(() => types(false), 25000);
    },
    history(frame) {
      const height = log.scrollHeight;
      follow = false;
      silently(() => frame.messages.forEach(put));
      older.hidden = !frame.more;
      ticks();
      log.scrollTop += log.scrollHeight - height;
    },
  };
  function greet() {
    const { item } = draw({ from: 'system', text: known.greeting });
    item.dataset.id = 0;
    list.prepend(item);
  }
  function connect() {
    clearTimeout(retry);
    if (socket && socket.readyState < 2) return;
    socket = new WebSocket(new URL('socket', location.href.replace(/^http/u, 'ws')), 'guichet.chat.v1');
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      hear[frame.type]?.(frame);
    };
    socket.onclose = ({ code }) => {
      ready = false;
      if (code === 4001 && !identity && token) { token = null; tokens.set(null); cursor = null; }
      else if (code === 4001) return complain(say.out);
      else if (code === 4009) cursor = null;
      complain(say.lost);
      tries += 1;
      retry = setTimeout(connect, Math.min(30000, 500 * 2 ** Math.min(tries, 6)) * (0.5 + Math.random() / 2));
    };
  }
  addEventListener('online', connect);
  document.addEventListener('visibilitychange', seen);

  // ---- the host page ----
  const trusted = (origin) => origin === location.origin || known.origins.includes(origin);
  addEventListener('message', (event) => {
    if (event.source !== window.parent || !trusted(event.origin) || (host && event.origin !== host)) return;
    const { type } = event.data ?? {};
    if (type === 'guichet:hello') {
      host = event.origin;
      identity = typeof event.data.identity === 'string' ? event.data.identity : null;
      $('close').hidden = false;
      connect();
    } else if (type === 'guichet:shown') { shown = true; text.focus(); seen(); }
    else if (type === 'guichet:hidden') shown = false;
  });
  const leave = () => { if (host) window.parent.postMessage({ type: 'guichet:close' }, host); };
  $('close').onclick = leave;
  addEventListener('keydown', (event) => { if (event.key === 'Escape' && !event.isComposing) leave(); });

  for (const frame of JSON.parse(outbox.get() ?? '[]')) write(frame);
  // Alone in a window there is nobody to wait for.
  if (window.parent === window) connect();
  else window.parent.postMessage({ type: 'guichet:ready' }, '*');
})();
