// On the host's page: a button, and a frame with the chat. Messages go between exactly two origins, the host's and ours.
//   <script src="https://desk.example.com/chat/site/embed.js" defer></script>
//   optional: data-language="fr", data-identity="…" (a signed word), or later window.guichet.open() / .close()
'use strict';
(() => {
  const script = document.currentScript;
  const base = new URL('.', script.src);
  const language = (script.dataset.language ?? document.documentElement.lang ?? navigator.language).toLowerCase();
  const french = language.startsWith('fr');
  const words = french ? { open: 'Ouvrir la discussion', close: 'Fermer la discussion', title: 'Discussion', unread: (n) => (n === 1 ? '1 message non lu' : `${n} messages non lus`) } : { open: 'Open the chat', close: 'Close the chat', title: 'Chat', unread: (n) => (n === 1 ? '1 unread message' : `${n} unread messages`) };
  const page = new URL('.', base);
  page.searchParams.set('lang', french ? 'fr' : 'en');
  let frame = null;
  let shown = false;
  let ready = false;

  // Property by property, so that it works under a strict policy for styles.
  const style = (element, rules) => Object.assign(element.style, rules);
  const button = document.createElement('button');
  button.type = 'button';
  button.id = 'guichet-chat-button';
  style(button, { position: 'fixed', insetInlineEnd: '16px', bottom: '16px', width: '60px', height: '60px', padding: '0', border: '2px solid #fff', borderRadius: '50%', background: '{{accent}}', color: '{{on_accent}}', cursor: 'pointer', zIndex: '2147483000', boxShadow: '0 4px 16px #0005' });
  const badge = document.createElement('span');
  style(badge, { position: 'absolute', insetInlineEnd: '-6px', top: '-6px', minWidth: '22px', padding: '0 5px', boxSizing: 'border-box', borderRadius: '11px', background: '#b3001b', color: '#fff', font: '700 13px/22px system-ui, sans-serif', textAlign: 'center' });
  function icon(path) {
    const make = (tag, given) => {
      const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
      for (const [name, value] of Object.entries(given)) element.setAttribute(name, value);
      return element;
    };
    const svg = make('svg', { viewBox: '0 0 24 24', width: '28', height: '28', fill: 'none', stroke: 'currentColor', 'stroke-width': '1.8', 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true' });
    svg.append(make('path', { d: path }));
    style(svg, { display: 'block', margin: 'auto' });
    return svg;
  }
  const paint = (unread) => {
    badge.textContent = String(unread);
    button.replaceChildren(icon(shown ? 'm6 6 12 12M18 6 6 18' : 'M4 5h16v11h-9l-5 4v-4H4z'), ...(unread && !shown ? [badge] : []));
    button.setAttribute('aria-expanded', String(shown));
    button.setAttribute('aria-label', (shown ? words.close : words.open) + (unread && !shown ? `, ${words.unread(unread)}` : ''));
  };
  const tell = (message) => { if (ready) frame.contentWindow.postMessage(message, base.origin); };
  function size() {
    const narrow = innerWidth < 480;
    style(frame, narrow ? { inset: '0', width: '100%', height: '100%', borderRadius: '0' } : { inset: 'auto 16px 88px auto', width: '380px', height: `${Math.min(640, innerHeight - 104)}px`, borderRadius: '16px' });
    // Over a full screen the chat's own × closes it.
    button.hidden = narrow && shown;
    style(button, { display: button.hidden ? 'none' : 'block' });
  }
  function show(wanted) {
    shown = wanted;
    if (!frame) {
      frame = document.createElement('iframe');
      frame.title = words.title;
      frame.src = page.href;
      style(frame, { position: 'fixed', border: '0', zIndex: '2147483001', boxShadow: '0 8px 32px #0004', background: 'Canvas' });
      document.body.append(frame);
    }
    style(frame, { display: shown ? 'block' : 'none' });
    if (shown && !matchMedia('(prefers-reduced-motion: reduce)').matches) {
      frame.animate([{ opacity: 0, transform: 'translateY(12px)' }, { opacity: 1, transform: 'none' }], { duration: 160, easing: 'ease-out' });
    }
    size();
    paint(0);
    tell({ type: shown ? 'guichet:shown' : 'guichet:hidden' });
    if (!shown) button.focus();
  }
  addEventListener('message', (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== base.origin) return;
    const { type, count } = event.data ?? {};
    if (type === 'guichet:ready') {
      ready = true;
      tell({ type: 'guichet:hello', identity: script.dataset.identity ?? null });
      tell({ type: shown ? 'guichet:shown' : 'guichet:hidden' });
    } else if (type === 'guichet:close') show(false);
    else if (type === 'guichet:unread' && Number.isInteger(count)) paint(count);
  });
  addEventListener('resize', () => { if (frame) size(); });
  button.onclick = () => show(!shown);
  paint(0);
  const mount = () => document.body.append(button);
  if (document.body) mount();
  else addEventListener('DOMContentLoaded', mount);
  window.guichet = { open: () => show(true), close: () => show(false) };
})();
