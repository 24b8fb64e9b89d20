// The transport: one WebSocket, requests with replies, reconnection and resume. It knows JSON-RPC and cursors, and
// nothing of what the events mean. A request that changes something carries a UUID and is sent again after a
// reconnection: the server acts on it once.
import { retryDelay } from './backoff';
import { READS, type Event, type Hello, type RefusalKind } from './protocol';
import type { Method, Params, Result, RpcError, SessionStarted } from './wire';

export type Phase = 'connecting' | 'online' | 'waiting' | 'unauthenticated' | 'stopped';

/** What the server refused, or what never reached it. */
export class Refused extends Error {
  readonly kind: RefusalKind | 'offline' | 'internal';
  readonly data: Record<string, unknown>;

  constructor(kind: RefusalKind | 'offline' | 'internal', message: string, data: Record<string, unknown> = {}) {
    super(message);
    this.kind = kind;
    this.data = data;
  }
}

export interface SocketLike {
  send(data: string): void;
  close(code?: number, reason?: string): void;
  readonly readyState: number;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

/** Everything that differs between a browser and a test. */
export interface Surroundings {
  open(): SocketLike;
  /** Whether the server knows us: asked before a connection, because a refused upgrade has no reason in a browser. */
  probe(): Promise<'known' | 'unknown' | 'unreachable'>;
  random(): number;
  uuid(): string;
  after(ms: number, run: () => void): unknown;
  cancel(handle: unknown): void;
  locale(): string;
}

export interface Listener {
  phase(phase: Phase, retryInMs: number | null): void;
  hello(hello: Hello): void;
  started(session: SessionStarted): void;
  event(event: Event): void;
}

interface Waiting {
  frame: string;
  keep: boolean;
  resolve(value: unknown): void;
  reject(reason: Refused): void;
}

const FORGOTTEN: ReadonlySet<Method> = new Set(READS);
/** What must not be done again later, by a request whose answer was lost. */
const ONCE: ReadonlySet<Method> = new Set<Method>(['message.typing', 'admin.tokens.add', 'agent.change_password']);
/** More than this many requests without an answer: something is wrong, say so instead of hoarding. */
const MAX_WAITING = 200;
const PROBE_REPLY_MS = 10_000;

export class Connection {
  private socket: SocketLike | null = null;
  private cursor: string | undefined;
  private waiting = new Map<string, Waiting>();
  private attempt = 0;
  private serial = 0;
  private live = false;
  private stopped = true;
  private timer: unknown = null;
  private quiet: unknown = null;
  private heartbeatMs = 25_000;
  private maxFrame = 262_144;
  private startId = '';

  constructor(private readonly around: Surroundings, private readonly listener: Listener) {}

  start(): void {
    this.stopped = false;
    this.attempt = 0;
    void this.connect();
  }

  /** Ends the connection for good; what waits for an answer is told so. */
  stop(phase: 'stopped' | 'unauthenticated' = 'stopped'): void {
    this.stopped = true;
    this.cursor = undefined;
    this.clearTimers();
    this.drop();
    for (const entry of this.waiting.values()) entry.reject(new Refused('offline', 'The connection was closed.'));
    this.waiting.clear();
    this.listener.phase(phase, null);
  }

  /** Try now instead of at the end of the wait (the network is back, the tab is visible, the agent asked). */
  nudge(): void {
    if (this.stopped) return;
    if (this.live) this.checkAlive();
    else if (this.timer !== null) {
      this.around.cancel(this.timer);
      this.timer = null;
      void this.connect();
    }
  }

  request<M extends Method>(method: M, params: Params<M>, id?: string): Promise<Result<M>> {
    const read = FORGOTTEN.has(method);
    const key = read ? `r${++this.serial}` : (id ?? this.around.uuid());
    const frame = JSON.stringify({ jsonrpc: '2.0', id: key, method, params });
    // Characters, not bytes: a frame near the limit is refused here only when it surely is too large.
    if (frame.length > this.maxFrame) return Promise.reject(new Refused('too_large', 'This is too large to be sent.'));
    if (this.stopped || this.waiting.size >= MAX_WAITING) {
      return Promise.reject(new Refused('offline', 'Not connected.'));
    }
    return new Promise((resolve, reject) => {
      const entry: Waiting = { frame, keep: !ONCE.has(method), resolve: resolve as Waiting['resolve'], reject };
      this.waiting.set(key, entry);
      if (this.live) this.socket?.send(frame);
      else if (!entry.keep) this.settle(key, (gone) => gone.reject(new Refused('offline', 'Not connected.')));
    });
  }

  private async connect(): Promise<void> {
    this.listener.phase('connecting', null);
    const known = await this.around.probe();
    if (this.stopped) return;
    if (known === 'unknown') return this.stop('unauthenticated');
    if (known === 'unreachable') return this.retry();
    const socket = this.around.open();
    this.socket = socket;
    this.heard();
    socket.onmessage = (message) => {
      if (this.socket === socket && typeof message.data === 'string') this.receive(message.data);
    };
    socket.onclose = (close) => {
      if (this.socket === socket) this.closed(close.code);
    };
  }

  private closed(code: number): void {
    this.drop();
    if (this.stopped) return;
    if (code === 4001) return this.stop('unauthenticated');
    // 4009: rights or world changed under us, start afresh. All others: the cursor is still good.
    if (code === 4009) this.cursor = undefined;
    if (code === 4029) this.attempt = Math.max(this.attempt, 4);
    this.retry();
  }

  private retry(): void {
    const delay = retryDelay(this.attempt++, this.around.random());
    this.listener.phase('waiting', delay);
    this.timer = this.around.after(delay, () => {
      this.timer = null;
      void this.connect();
    });
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.live = false;
    if (this.quiet !== null) this.around.cancel(this.quiet);
    this.quiet = null;
    for (const [key, entry] of this.waiting) {
      if (!entry.keep) this.settle(key, (gone) => gone.reject(new Refused('offline', 'Not connected.')));
    }
    if (socket) {
      socket.onclose = socket.onmessage = null;
      if (socket.readyState < 2) socket.close(1000);
    }
  }

  private receive(text: string): void {
    this.heard();
    let frame: { id?: unknown; method?: string; params?: unknown; result?: unknown; error?: RpcError };
    try {
      frame = JSON.parse(text) as typeof frame;
    } catch {
      return; // Not for us: the server only writes JSON, so a proxy did this. The liveness check will notice.
    }
    if (frame.method === 'hello') return this.greeted(frame.params as Hello);
    if (frame.method === 'event') return this.happened(frame.params as Event);
    if (typeof frame.id !== 'string') return;
    if (frame.id === this.startId) return this.begun(frame.result as SessionStarted | undefined, frame.error);
    this.settle(frame.id, (entry) => (frame.error ? entry.reject(refusal(frame.error)) : entry.resolve(frame.result)));
  }

  private greeted(hello: Hello): void {
    this.heartbeatMs = Math.max(5, hello.heartbeat_seconds) * 1000;
    this.maxFrame = hello.max_frame_bytes;
    this.listener.hello(hello);
    this.startId = `s${++this.serial}`;
    const params = { ...(this.cursor ? { cursor: this.cursor } : {}), locale: this.around.locale() };
    this.socket?.send(JSON.stringify({ jsonrpc: '2.0', id: this.startId, method: 'session.start', params }));
  }

  private begun(session: SessionStarted | undefined, error: RpcError | undefined): void {
    this.startId = '';
    if (error || !session) {
      // A refused cursor must not be offered again and again.
      this.cursor = undefined;
      this.drop();
      return this.retry();
    }
    if (session.cursor) this.cursor = session.cursor;
    this.attempt = 0;
    this.live = true;
    this.listener.started(session);
    this.listener.phase('online', null);
    for (const entry of this.waiting.values()) this.socket?.send(entry.frame);
  }

  private happened(event: Event): void {
    if (event.cursor) this.cursor = event.cursor;
    this.listener.event(event);
  }

  private settle(key: string, tell: (entry: Waiting) => void): void {
    const entry = this.waiting.get(key);
    if (!entry) return;
    this.waiting.delete(key);
    tell(entry);
  }

  /** Anything received proves life; long silence asks a small question, and no answer means a dead line. */
  private heard(): void {
    if (this.quiet !== null) this.around.cancel(this.quiet);
    this.quiet = this.around.after(this.heartbeatMs * 2, () => this.checkAlive());
  }

  private checkAlive(): void {
    // Opened, and then never greeted or never answered: no better than closed.
    if (!this.live) return this.closed(1006);
    if (this.quiet !== null) this.around.cancel(this.quiet);
    this.quiet = this.around.after(PROBE_REPLY_MS, () => this.closed(1006));
    const id = `r${++this.serial}`;
    this.socket?.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'inbox.list', params: {} }));
  }

  private clearTimers(): void {
    if (this.timer !== null) this.around.cancel(this.timer);
    this.timer = null;
  }
}

function refusal(error: RpcError): Refused {
  const data = error.data ?? {};
  return new Refused(data.kind ?? (error.code === -32602 ? 'invalid' : 'internal'), error.message, data);
}
