// On the host's page: a button, and a frame with the chat. Messages go between exactly two origins, the host's and ours.
//   <script src="https://desk.example.com/chat/site/embed.js" defer></script>
//   optional: data-language="fr", data-identity="…" (a signed word), or later window.guichet.open() / .close()
'use strict';
(() => {
  const script = document.currentScript;
  const base = new URL('.', script.src);
  const language = (script.dataset.language ?? document.documentElement.lang ?? navigator.language).toLowerCase();
  const french = language.startsWith('fr');
  const words = french ? { open: 'Ouvrir la discussion', close: 'Fermer la discussion', title: 'Discussion', unread: ' messages non lus' } : { open: 'Open the chat', close: 'Close the chat', title: 'Chat', unread: ' unread messages' };
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
  style(button, { position: 'fixed', insetInlineEnd: '16px', bottom: '16px', width: '56px', height: '56px', border: '2px solid #fff', borderRadius: '50%', background: '#1c2733', color: '#fff', font: '700 16px system-ui, sans-serif', cursor: 'pointer', zIndex: '2147483000', boxShadow: '0 2px 8px #0006' });
  const paint = (unread) => {
    button.textContent = shown ? '×' : unread ? String(unread) : '💬';
    button.setAttribute('aria-expanded', String(shown));
    button.setAttribute('aria-label', (shown ? words.close : words.open) + (unread && !shown ? `, ${unread}${words.unread}` : ''));
  };
  const tell = (message) => { if (ready) frame.contentWindow.postMessage(message, base.origin); };
  function size() {
    const narrow = innerWidth < 480;
    style(frame, narrow ? { inset: '0', width: '100%', height: '100%', borderRadius: '0' } : { inset: 'auto 16px 84px auto', width: '376px', height: `${Math.min(600, innerHeight - 100)}px`, borderRadius: '12px' });
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
      style(frame, { position: 'fixed', border: '0', zIndex: '2147483001', boxShadow: '0 4px 24px #0006', background: 'Canvas' });
      document.body.append(frame);
    }
    style(frame, { display: shown ? 'block' : 'none' });
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
