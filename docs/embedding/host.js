// A page around Guichet, as small as it can be: it shows whose conversation is open and what the desk tells.
// Open it as http://127.0.0.1:9000/?desk=http://127.0.0.1:8080 — and allow http://127.0.0.1:9000 in frame_ancestors.
const address = new URLSearchParams(location.search).get('desk') ?? 'http://127.0.0.1:8080';
const frame = document.getElementById('desk');
const script = document.createElement('script');
script.src = `${address}/embed.js`;
script.onload = () => {
  frame.src = `${address}/?embed=1`;
  const desk = guichet.connect(frame);
  const tell = (topic, text) => {
    const line = document.createElement('li');
    line.textContent = `${topic} ${text}`;
    document.getElementById('told').prepend(line);
  };
  desk.on('agent.state', ({ state, reason }) => tell('agent.state', reason ? `${state} (${reason})` : state));
  for (const topic of ['interaction.offered', 'interaction.accepted', 'interaction.updated', 'interaction.closed']) {
    desk.on(topic, ({ interaction_id, status }) => tell(topic, `${interaction_id} ${status}`));
  }
  desk.on('refused', ({ topic, reason }) => tell('refused', `${topic}: ${reason}`));
  desk.on('screenpop', ({ contact }) => {
    document.getElementById('who').textContent = contact ? `${contact.name || 'Unknown'}, ${contact.address}` : 'Erased';
  });
  document.getElementById('insert').onclick = () => desk.insert('Your order number is 4711. ');
  document.getElementById('available').onclick = () => desk.setState('available');
};
document.head.append(script);
