import { beforeEach, describe, expect, it } from 'vitest';
import { Connection, Refused, type Listener, type SocketLike, type Surroundings } from './socket';
import { retryDelay } from './backoff';
import type { Event } from './protocol';
import type { SessionStarted } from './wire';

class FakeSocket implements SocketLike {
  sent: { id: string; method: string; params: Record<string, unknown> }[] = [];
  readyState = 1;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  send(data: string): void {
    this.sent.push(JSON.parse(data) as (typeof this.sent)[number]);
  }
  close(): void {
    this.readyState = 3;
  }
  says(frame: object): void {
    this.onmessage?.({ data: JSON.stringify({ jsonrpc: '2.0', ...frame }) });
  }
  hello(): void {
    this.says({ method: 'hello', params: { protocol: 1, heartbeat_seconds: 25, max_frame_bytes: 262144, time: '2026-01-01T00:00:00.000Z' } });
  }
  starts(result: object): void {
    this.says({ id: this.sent[0]?.id, result });
  }
}

let sockets: FakeSocket[];
let timers: { ms: number; run: () => void }[];
let log: string[];
let known: 'known' | 'unknown' | 'unreachable';
let connection: Connection;

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const agent = { agent_id: 'a1' };

beforeEach(() => {
  sockets = [];
  timers = [];
  log = [];
  known = 'known';
  let serial = 0;
  const around: Surroundings = {
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    probe: () => Promise.resolve(known),
    random: () => 0.5,
    uuid: () => `00000000-0000-4000-8000-00000000000${++serial}`,
    after: (ms, run) => {
      const timer = { ms, run };
      timers.push(timer);
      return timer;
    },
    cancel: (handle) => {
      timers = timers.filter((timer) => timer !== handle);
    },
    locale: () => 'fr',
  };
  const listener: Listener = {
    phase: (phase) => log.push(phase),
    hello: () => log.push('hello'),
    started: (session: SessionStarted) => log.push(session.resumed ? 'resumed' : 'started'),
    event: (event: Event) => log.push(event.type),
  };
  connection = new Connection(around, listener);
});

async function online(): Promise<FakeSocket> {
  connection.start();
  await settle();
  const socket = sockets[sockets.length - 1] as FakeSocket;
  socket.hello();
  socket.starts({ agent, cursor: '10', snapshot: { interactions: [] } });
  return socket;
}

function fire(ms?: number): void {
  const due = timers.find((timer) => ms === undefined || timer.ms === ms);
  timers = timers.filter((timer) => timer !== due);
  due?.run();
}

async function reconnected(): Promise<FakeSocket> {
  fire();
  await settle();
  const socket = sockets[sockets.length - 1] as FakeSocket;
  socket.hello();
  return socket;
}

describe('the connection', () => {
  it('starts a session without a cursor at first', async () => {
    const socket = await online();
    expect(socket.sent[0]).toMatchObject({ method: 'session.start', params: { locale: 'fr' } });
    expect(socket.sent[0]?.params).not.toHaveProperty('cursor');
    expect(log).toEqual(['connecting', 'hello', 'started', 'online']);
  });

  it.each([1006, 1012, 4008])('resumes from the last event after %d', async (code) => {
    const socket = await online();
    socket.says({ method: 'event', params: { type: 'queue.changed', cursor: '17' } });
    socket.onclose?.({ code });
    const again = await reconnected();
    expect(again.sent[0]?.params).toMatchObject({ cursor: '17' });
  });

  it('starts afresh after 4009', async () => {
    (await online()).onclose?.({ code: 4009 });
    expect((await reconnected()).sent[0]?.params).not.toHaveProperty('cursor');
  });

  it('asks to sign in after 4001, and when the server does not know us', async () => {
    (await online()).onclose?.({ code: 4001 });
    expect(log.at(-1)).toBe('unauthenticated');
    known = 'unknown';
    connection.start();
    await settle();
    expect(log.at(-1)).toBe('unauthenticated');
    expect(sockets).toHaveLength(1);
  });

  it('waits and tries again while the server cannot be reached', async () => {
    known = 'unreachable';
    connection.start();
    await settle();
    expect(log).toEqual(['connecting', 'waiting']);
    known = 'known';
    connection.nudge();
    await settle();
    expect(sockets).toHaveLength(1);
  });

  it('drops a refused cursor', async () => {
    (await online()).onclose?.({ code: 1006 });
    const again = await reconnected();
    again.says({ id: again.sent[0]?.id, error: { code: -32602, message: 'bad cursor' } });
    expect((await reconnected()).sent[0]?.params).not.toHaveProperty('cursor');
  });
});

describe('requests', () => {
  it('get their reply', async () => {
    const socket = await online();
    const reply = connection.request('interaction.why', { interaction_id: 'i1' });
    socket.says({ id: socket.sent[1]?.id, result: { sentence: 'because' } });
    await expect(reply).resolves.toEqual({ sentence: 'because' });
  });

  it('are refused with a kind', async () => {
    const socket = await online();
    const reply = connection.request('interaction.accept', { interaction_id: 'i1' });
    socket.says({ id: socket.sent[1]?.id, error: { code: -32000, message: 'Gone', data: { kind: 'offer_gone' } } });
    await expect(reply).rejects.toMatchObject({ kind: 'offer_gone' });
  });

  it('that change something go again with the same id after a reconnection', async () => {
    const socket = await online();
    const reply = connection.request('message.send', { interaction_id: 'i1', text: 'hello' });
    const id = socket.sent[1]?.id ?? '';
    expect(id.length).toBeGreaterThanOrEqual(16);
    socket.onclose?.({ code: 1006 });
    const again = await reconnected();
    expect(again.sent).toHaveLength(1);
    again.starts({ resumed: true, agent, from: '10', to: '10' });
    expect(again.sent[1]).toMatchObject({ id, method: 'message.send' });
    again.says({ id, result: { message: { message_id: 'm1' } } });
    await expect(reply).resolves.toBeTruthy();
  });

  it('made while offline wait for the connection; typing does not', async () => {
    const socket = await online();
    socket.onclose?.({ code: 1006 });
    const typing = connection.request('message.typing', { interaction_id: 'i1' });
    void connection.request('message.send', { interaction_id: 'i1', text: 'later' });
    await expect(typing).rejects.toMatchObject({ kind: 'offline' });
    const again = await reconnected();
    again.starts({ resumed: true, agent });
    expect(again.sent.map((frame) => frame.method)).toEqual(['session.start', 'message.send']);
  });

  it('are bounded in number and in size', async () => {
    await online();
    const pending = Array.from({ length: 200 }, () => connection.request('inbox.list', {}));
    await expect(connection.request('inbox.list', {})).rejects.toBeInstanceOf(Refused);
    connection.stop();
    const ended = await Promise.allSettled(pending);
    expect(ended.every((one) => one.status === 'rejected')).toBe(true);
    connection.start();
    await expect(connection.request('draft.save', { interaction_id: 'i', text: 'x'.repeat(300_000) })).rejects.toMatchObject({ kind: 'too_large' });
  });
});

describe('a silent line', () => {
  it('is asked, and given up when nothing answers', async () => {
    const socket = await online();
    fire(50_000);
    expect(socket.sent.at(-1)?.method).toBe('inbox.list');
    fire(10_000);
    expect(log.at(-1)).toBe('waiting');
  });

  it('is given up when it never greets', async () => {
    connection.start();
    await settle();
    fire(50_000);
    expect(log.at(-1)).toBe('waiting');
  });

  it('lives when it answers', async () => {
    const socket = await online();
    fire(50_000);
    socket.says({ id: socket.sent.at(-1)?.id, result: { interactions: [] } });
    expect(timers.some((timer) => timer.ms === 10_000)).toBe(false);
    expect(log.at(-1)).toBe('online');
  });
});

describe('retryDelay', () => {
  it('grows to a ceiling and is jittered from nothing to all of it', () => {
    expect(retryDelay(0, 1)).toBe(500);
    expect(retryDelay(3, 1)).toBe(4000);
    expect(retryDelay(40, 1)).toBe(30_000);
    expect(retryDelay(5, 0)).toBe(0);
    expect(retryDelay(5, 0.5)).toBe(8000);
  });
});
