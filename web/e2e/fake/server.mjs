// A stand-in for the server while the console is developed: one agent's world in memory, the shapes of the wire.
import { createServer } from 'node:http';
import { readFileSync, existsSync } from 'node:fs';
import { join, extname } from 'node:path';
import { WebSocketServer } from 'ws';

const dist = new URL('../../dist', import.meta.url).pathname;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
const iso = (ms = Date.now()) => new Date(ms).toISOString();
const M = 60_000, H = 60 * M;
let cursor = 100, rev = 1, serial = 0, logged = false;
const role = process.env.ROLE ?? 'agent';
const me = { agent_id: 'a1', login: role === 'administrator' ? 'ada' : 'alice', name: role === 'administrator' ? 'Ada Lambert' : 'Alice Martin', role, state: 'available', reason: null, state_since: iso(), skills: [{ skill: 'support', level: 8 }], teams: ['front'], capacity: { total: 6, per_kind: {} }, load: 3 };
const timer = (from, len) => ({ started_at: iso(from), yellow_at: iso(from + len / 2), red_at: iso(from + len), extended: false, state: 'running' });
const caps = { window: true, templates: true, media: true, reactions: true, typing: true, text_max: 4096 };
const base = (id, name, extra) => ({ interaction_id: id, channel_id: 'whatsapp-demo', kind: 'whatsapp', contact: { contact_id: 'c' + id, name, address: '+33 6 12 34 56 78', vip: false, blocked: false }, status: 'open', ownership: 'assigned', agent_id: 'a1', consulted: [], skill: 'support', outbound: false, language: 'fr', window_ends_at: iso(Date.now() + 22 * H), timers: {}, unread: 0, last_line: '', last_message_at: iso(), tags: [], created_at: iso(Date.now() - H), revision: rev++, capabilities: caps, ...extra });
const msg = (i, text, o = {}) => ({ message_id: 'm' + ++serial, interaction_id: i, direction: 'in', author: { type: 'contact' }, kind: 'text', text, media: [], forwarded: false, edited: false, deleted: false, reactions: [], state: 'received', translation: null, sent_at: iso(), created_at: iso(), ...o });
const out = (i, text, state, o = {}) => msg(i, text, { direction: 'out', author: { type: 'agent', agent_id: 'a1' }, state, ...o });
const at = (ms) => ({ created_at: iso(Date.now() - ms), sent_at: iso(Date.now() - ms) });
const I = new Map(), T = new Map();
const put = (i, m = []) => { I.set(i.interaction_id, i); T.set(i.interaction_id, m); };
put(base('i1', 'Marie Curie', { contact: { contact_id: 'c1', name: 'Marie Curie', address: '+33 6 12 34 56 78', vip: true }, unread: 2, last_line: 'Voici la photo de l’étiquette, merci d’avance !', timers: { agent: timer(Date.now() - 3 * M, 5 * M) } }), [
  msg('i1', 'Bonjour, ma commande *n° 4512* n’est pas arrivée. Le suivi dit _livrée_ : https://suivi.example/4512', at(26 * H)),
  out('i1', 'Bonjour Marie, je regarde tout de suite.', 'read', at(26 * H - 2 * M)),
  out('i1', 'Pouvez-vous m’envoyer une photo de l’étiquette ?', 'read', at(25 * H)),
  msg('i1', '', { kind: 'image', media: [{ media_id: 'pic', mime: 'image/svg+xml', filename: 'etiquette.png', size: 12345, voice: false, state: 'stored', caption: 'Voici la photo' }], ...at(50 * M) }),
  msg('i1', '', { kind: 'audio', media: [{ media_id: 'voice', mime: 'audio/ogg', voice: true, size: 20000, state: 'stored' }], ...at(49 * M) }),
  msg('i1', '', { kind: 'document', media: [{ media_id: 'doc', mime: 'application/pdf', filename: 'facture-4512.pdf', size: 245000, state: 'stored' }], ...at(48 * M) }),
  msg('i1', '', { kind: 'location', data: { latitude: 48.8566, longitude: 2.3522, name: 'Point relais République', address: '12 rue du Temple, Paris' }, ...at(47 * M) }),
  msg('i1', '', { kind: 'contacts', data: { contacts: [{ name: { formatted_name: 'Pierre Curie' }, phones: [{ phone: '+33 6 98 76 54 32' }] }] }, ...at(46 * M) }),
  msg('i1', 'Remboursement', { kind: 'choice', data: { id: 'r', title: 'Remboursement' }, ...at(45 * M) }),
  msg('i1', '', { kind: 'unsupported', ...at(44 * M) }),
  out('i1', 'Merci, c’est noté.', 'delivered', { reply_to: 'm4', reactions: [{ author: { type: 'contact' }, emoji: '🙏' }], ...at(20 * M) }),
  out('i1', 'Je vous rappelle le délai : 48 h.', 'failed', { error: { code: 131026, reason: 'undeliverable', details: '' }, ...at(12 * M) }),
  out('i1', 'Je reviens vers vous.', 'unknown', at(11 * M)),
  msg('i1', 'Voici la photo de l’étiquette, merci d’avance !', { reply_to: 'm3', ...at(3 * M) }),
  msg('i1', 'Vous êtes là ?', at(2 * M)),
]);
put(base('i2', 'Jean Moulin', { status: 'resolved', last_line: 'Parfait, merci beaucoup !', last_message_at: iso(Date.now() - 30 * M), timers: { ends_at: iso(Date.now() + 8 * M) } }), [msg('i2', 'Parfait, merci beaucoup !', at(30 * M))]);
put(base('i3', 'Simone Veil', { status: 'escalated', last_line: 'Je voudrais parler à un responsable', last_message_at: iso(Date.now() - 90 * M), timers: { customer: timer(Date.now() - 9 * M, 10 * M) }, window_ends_at: iso(Date.now() + 25 * M) }), [msg('i3', 'Je voudrais parler à un responsable', at(90 * M))]);
put(base('i4', '', { contact: { contact_id: 'c4', name: null, address: '+33 7 55 44 33 22' }, status: 'pending', last_line: 'D’accord', last_message_at: iso(Date.now() - 27 * H), last_message_state: 'failed', window_ends_at: iso(Date.now() - 3 * H) }), [msg('i4', 'D’accord', at(27 * H))]);
const templates = [
  { name: 'order_ready', language: 'fr', category: 'UTILITY', status: 'APPROVED', parameter_format: 'POSITIONAL', body: 'Bonjour {{1}}, votre commande {{2}} est prête. Répondez ici pour toute question.', parameters: ['1', '2'], footer: 'Boutique Lumière', buttons: [{ kind: 'quick_reply', text: 'Merci', needs_value: false }, { kind: 'url', text: 'Suivre', url: 'https://s.example/{{1}}', needs_value: true }] },
  { name: 'appointment', language: 'en', category: 'UTILITY', status: 'APPROVED', parameter_format: 'NAMED', header: { format: 'IMAGE', parameters: [] }, body: 'Hello {{first_name}}, see you on {{day}}.', parameters: [{ name: 'first_name', example: 'Lea' }, { name: 'day' }], buttons: [] },
  { name: 'promo_paused', language: 'en', category: 'MARKETING', status: 'PAUSED', body: 'x', parameters: [], buttons: [] },
];
const quick = [{ quick_reply_id: 'q1', title: 'Merci', text: 'Merci pour votre message, je regarde tout de suite.', shortcut: 'merci' }, { quick_reply_id: 'q2', title: 'Délai', text: 'Le délai habituel est de 48 heures.', shortcut: 'delai' }, { quick_reply_id: 'q3', title: 'Au revoir', text: 'Merci et très bonne journée !', shortcut: 'bye' }];
const sockets = new Set();
const emit = (params) => { const text = JSON.stringify({ jsonrpc: '2.0', method: 'event', params: { cursor: String(++cursor), time: iso(), ...params } }); for (const s of sockets) s.send(text); };
const touch = (i, change = {}) => { const n = { ...I.get(i), ...change, revision: ++rev + 100 }; I.set(i, n); return n; };
const refuse = (kind, message) => { throw { code: -32000, message, data: { kind } }; };
const snapshot = () => ({ interactions: [...I.values()], agents: [me, { ...me, agent_id: 'a2', name: 'Bruno' }], queues: [{ skill: 'support', title: 'Support', waiting: 3 }], channels: [{ channel_id: 'whatsapp-demo', kind: 'whatsapp' }], skills: [{ skill: 'support', title: 'Support', dispositions: ['refund', 'information'], disposition_required: true }], reasons: ['break', 'lunch', 'training'], notices: role === 'administrator' ? [{ level: 'warning', code: 'x', message: 'No agent on duty holds the skill “sales”.' }] : [] });
const methods = {
  'session.start': () => ({ resumed: false, agent: me, permissions: role === 'administrator' ? ['handle', 'administer'] : ['handle'], cursor: String(cursor), snapshot: snapshot() }),
  'inbox.list': () => ({ interactions: [...I.values()] }),
  'agent.set_state': (p) => { me.state = p.state; me.reason = p.reason ?? null; emit({ type: 'agent.changed', agent: me }); return { agent: me }; },
  'interaction.get': (p) => ({ interaction: I.get(p.interaction_id) ?? refuse('not_found', 'gone'), notes: p.interaction_id === 'i1' ? [{ note_id: 'n1', interaction_id: 'i1', agent_id: 'a2', text: 'Le colis a été vu au dépôt de Lyon.', created_at: iso(Date.now() - 15 * M) }] : [] }),
  'interaction.history': (p) => ({ messages: T.get(p.interaction_id) ?? refuse('not_found', 'gone'), more: false }),
  'interaction.accept': (p) => { const i = touch(p.interaction_id, { ownership: 'assigned', status: 'open', timers: { agent: timer(Date.now(), 5 * M) } }); emit({ type: 'interaction.assigned', interaction_id: i.interaction_id, interaction: i, messages: T.get(i.interaction_id) }); return { interaction: i }; },
  'interaction.refuse': (p) => { const i = touch(p.interaction_id, { ownership: 'queued', agent_id: null }); emit({ type: 'interaction.offer_ended', reason: 'refused', interaction: i }); return { interaction: i }; },
  'interaction.close': (p) => { const i = touch(p.interaction_id, { ended_at: iso(), status: 'closed', ownership: 'detached' }); emit({ type: 'interaction.closed', interaction: i }); I.delete(p.interaction_id); return { interaction: i }; },
  'interaction.set_outcome': (p) => { if (p.status === 'resolved' && !p.disposition) refuse('outcome_needed', 'A disposition is needed'); const i = touch(p.interaction_id, { status: p.status, disposition: p.disposition, tags: p.tags }); emit({ type: 'interaction.outcome_set', interaction: i }); return { interaction: i }; },
  'interaction.why': () => ({ sentence: 'You hold “support” at level 8, you were available, and you had been idle the longest (4 min).' }),
  'message.send': (p) => {
    const i = I.get(p.interaction_id); if (!p.template && Date.parse(i.window_ends_at) < Date.now()) refuse('window_closed', 'closed');
    const m = out(p.interaction_id, p.text ?? p.media?.[0]?.caption ?? (p.template ? templates.find((t) => t.name === p.template.name).body.replace(/\{\{(\w+)\}\}/g, (_, k) => p.template.parameters[k]) : ''), 'queued', { kind: p.template ? 'template' : p.media ? 'image' : 'text', template: p.template, reply_to: p.reply_to, media: (p.media ?? []).map((x) => ({ ...x, mime: 'image/svg+xml', state: 'stored' })) });
    T.get(p.interaction_id).push(m); const now = touch(p.interaction_id, { last_line: m.text, last_message_at: iso(), unread: 0, timers: { customer: timer(Date.now(), 10 * M) } });
    emit({ type: 'message.added', interaction_id: p.interaction_id, message: m, interaction: now });
    ['sent', 'delivered', 'read'].forEach((state, n) => setTimeout(() => { Object.assign(m, { state }); emit({ type: 'message.changed', interaction_id: p.interaction_id, message: { ...m } }); }, 500 * (n + 1)));
    return { message: m };
  },
  'message.retry': (p) => { const m = T.get(p.interaction_id).find((x) => x.message_id === p.message_id); Object.assign(m, { state: 'sent', error: null }); emit({ type: 'message.changed', message: { ...m } }); return { message: m }; },
  'message.react': (p) => { const m = T.get(p.interaction_id).find((x) => x.message_id === p.message_id); m.reactions = p.emoji ? [{ author: { type: 'agent', agent_id: 'a1' }, emoji: p.emoji }] : []; emit({ type: 'message.reaction', interaction_id: p.interaction_id, message_id: p.message_id, reactions: m.reactions }); return { message: m }; },
  'message.mark_read': (p) => ({ interaction: touch(p.interaction_id, { unread: 0 }) }),
  'message.typing': () => ({}),
  'draft.save': (p) => { const i = I.get(p.interaction_id); if (i) i.draft = { text: p.text, media: p.media ?? [] }; return {}; },
  'template.list': () => ({ templates }),
  'quick_reply.list': () => ({ quick_replies: quick }),
  'admin.scripts.get': () => ({ generation: 7, state: 'refused', since: iso(), scripts: ['routing.lua', 'quick_replies.lua', 'timers.lua', 'auto_close.lua'].map((name) => ({ name, hash: 'a3f81c29d0e4b75566' })), errors: [{ file: 'scripts/routing.lua', line: 12, column: 5, message: "Expected 'then' when parsing if statement, got 'return'" }] }),
  'admin.scripts.reload': () => ({}),
};
function call(frame) { const f = methods[frame.method]; if (!f) return { error: { code: -32601, message: 'unknown method' } }; try { return { result: f(frame.params ?? {}) }; } catch (e) { return { error: e.code ? e : { code: -32603, message: String(e) } }; } }
const body = (req) => new Promise((done) => { let text = ''; req.on('data', (d) => (text += d)).on('end', () => done(text)); });
const server = createServer(async (req, res) => {
  const url = new URL(req.url, 'http://x');
  if (url.pathname === '/login') { const { password } = JSON.parse(await body(req)); if (password !== 'guichet') { res.writeHead(401); return res.end('{"error":"wrong"}'); } logged = true; res.writeHead(204); return res.end(); }
  if (url.pathname === '/logout') { logged = false; res.writeHead(204); return res.end(); }
  if (url.pathname === '/rpc') { const text = await body(req); if (!logged) { res.writeHead(401); return res.end(); } const f = JSON.parse(text); res.writeHead(200, { 'content-type': 'application/json' }); return res.end(JSON.stringify({ jsonrpc: '2.0', id: f.id, ...call(f) })); }
  if (url.pathname === '/media' && req.method === 'POST') { await body(req); res.writeHead(200, { 'content-type': 'application/json' }); return res.end(JSON.stringify({ media_id: 'pic', mime: 'image/svg+xml', size: 1000, filename: 'x.svg' })); }
  if (url.pathname.startsWith('/media/')) { res.writeHead(200, { 'content-type': 'image/svg+xml' }); return res.end('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200" width="320" height="200"><rect width="320" height="200" fill="#cfd8ea"/><rect x="60" y="40" width="200" height="120" rx="8" fill="#fff"/><path d="M80 70h120M80 90h160M80 110h90" stroke="#667" stroke-width="6"/></svg>'); }
  if (url.pathname === '/fake/offer') { put(base('o' + ++serial, 'Léon Blum', { ownership: 'offered', status: 'new', last_line: 'Bonjour, je voudrais savoir si le modèle bleu existe en taille 42 ?', timers: { offer_expires_at: iso(Date.now() + 45_000) } })); const i = [...I.values()].pop(); T.set(i.interaction_id, [msg(i.interaction_id, i.last_line)]); emit({ type: 'interaction.offered', interaction_id: i.interaction_id, interaction: i, messages: T.get(i.interaction_id) }); return res.end('ok'); }
  if (url.pathname === '/fake/write') { const id = url.searchParams.get('id'); const m = msg(id, url.searchParams.get('text')); T.get(id).push(m); emit({ type: 'message.added', interaction_id: id, message: m, interaction: touch(id, { last_line: m.text, last_message_at: iso(), unread: (I.get(id).unread ?? 0) + 1 }) }); return res.end('ok'); }
  if (url.pathname === '/fake/typing') { emit({ type: 'typing', interaction_id: url.searchParams.get('id'), contact: true }); return res.end('ok'); }
  if (url.pathname === '/fake/drop') { for (const s of sockets) s.close(1012); return res.end('ok'); }
  if (url.pathname === '/fake/policy') { emit({ type: 'policy.changed', generation: 7, state: 'refused', script: 'routing.lua', errors: [{ file: 'scripts/routing.lua', line: 12, column: 5, message: "Expected 'then'" }] }); return res.end('ok'); }
  let file = join(dist, url.pathname); if (!extname(file) || !existsSync(file)) file = join(dist, 'index.html');
  res.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': CSP });
  res.end(readFileSync(file));
});
const wss = new WebSocketServer({ server, path: '/ws', handleProtocols: () => 'guichet.v1' });
wss.on('connection', (s) => { sockets.add(s); s.on('close', () => sockets.delete(s)); s.send(JSON.stringify({ jsonrpc: '2.0', method: 'hello', params: { protocol: 1, heartbeat_seconds: 25, max_frame_bytes: 262144, time: iso() } })); s.on('message', (d) => { const f = JSON.parse(d); const a = call(f); s.send(JSON.stringify({ jsonrpc: '2.0', id: f.id, ...a })); }); });
server.listen(Number(process.env.PORT ?? 8099), '127.0.0.1', () => console.log('listening on http://127.0.0.1:' + server.address().port));
