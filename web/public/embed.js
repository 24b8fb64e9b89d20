// Guichet in a frame of your page. Load this file from your Guichet, or keep a copy; types are in embed.d.ts.
//
//   <iframe id="desk" src="https://desk.example.com/?embed=1" allow="microphone; autoplay; clipboard-write"></iframe>
//   <script src="https://desk.example.com/embed.js"></script>
//   <script>
//     const desk = guichet.connect(document.getElementById('desk'));
//     desk.on('screenpop', ({ contact }) => showCustomer(contact));
//   </script>
//
// The server must allow your page: frame_ancestors in guichet.toml.
(() => {
  'use strict';
  const VERSION = 1;

  function connect(frame, options = {}) {
    const origin = options.origin ?? new URL(frame.src, location.href).origin;
    const hearers = new Map();
    let welcomed = false;
    const waiting = [];

    const post = (topic, data) => frame.contentWindow?.postMessage({ guichet: VERSION, topic, ...(data === undefined ? {} : { data }) }, origin);
    const send = (topic, data) => (welcomed ? post(topic, data) : void waiting.push([topic, data]));

    function hear(message) {
      // Only our frame, and only while it shows the page that we put there.
      if (message.source !== frame.contentWindow || message.origin !== origin) return;
      const { guichet: version, topic, data } = message.data ?? {};
      if (version !== VERSION || typeof topic !== 'string') return;
      if (topic === 'ready') {
        welcomed = false;
        return post('hello');
      }
      if (topic === 'welcome') {
        welcomed = true;
        for (const [later, what] of waiting.splice(0)) post(later, what);
      }
      for (const tell of hearers.get(topic) ?? []) tell(data);
    }
    window.addEventListener('message', hear);
    // It may have been ready before we were.
    post('hello');

    return {
      on(topic, tell) {
        if (!hearers.has(topic)) hearers.set(topic, new Set());
        hearers.get(topic).add(tell);
        return () => hearers.get(topic).delete(tell);
      },
      open: (interaction_id) => send('interaction.open', { interaction_id }),
      insert: (text) => send('composer.insert', { text }),
      setState: (state, reason) => send('agent.setState', { state, ...(reason ? { reason } : {}) }),
      newOutbound: () => send('outbound.new'),
      focus: () => send('focus'),
      close: () => window.removeEventListener('message', hear),
    };
  }

  globalThis.guichet = Object.freeze({ connect });
})();
