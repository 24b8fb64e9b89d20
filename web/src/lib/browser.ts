// What the browser gives the connection, and the few plain HTTP calls: login, logout, upload.
import type { Uploaded } from './protocol';
import { Refused, type SocketLike, type Surroundings } from './socket';
import { locale } from './i18n/index.svelte';

export const surroundings: Surroundings = {
  open: () => {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    return new WebSocket(`${scheme}://${location.host}/ws`, 'guichet.v1') as SocketLike;
  },
  probe: async () => {
    try {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 'p1', method: 'inbox.list', params: {} });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch('/rpc', { method: 'POST', headers, body, credentials: 'same-origin' });
      if (answer.status === 401 || answer.status === 403) return 'unknown';
      return answer.ok ? 'known' : 'unreachable';
    } catch {
      return 'unreachable';
    }
  },
  random: () => Math.random(),
  uuid: newId,
  after: (ms, run) => setTimeout(run, ms),
  cancel: (handle) => clearTimeout(handle as number),
  locale,
};

/** A UUID; written out because `crypto.randomUUID` is missing where the page came by plain HTTP. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export type LoginAnswer = 'ok' | 'wrong' | 'throttled' | 'unreachable';

export async function login(name: string, password: string): Promise<LoginAnswer> {
  try {
    const answer = await fetch('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login: name, password }),
      credentials: 'same-origin',
    });
    if (answer.ok) return 'ok';
    if (answer.status === 429) return 'throttled';
    return answer.status === 401 || answer.status === 400 || answer.status === 422 ? 'wrong' : 'unreachable';
  } catch {
    return 'unreachable';
  }
}

export async function logout(): Promise<void> {
  try {
    await fetch('/logout', { method: 'POST', credentials: 'same-origin' });
  } catch {
    // Already away: the session ends by itself.
  }
}

export async function upload(file: File): Promise<Uploaded> {
  const form = new FormData();
  form.append('file', file, file.name || 'file');
  let answer: Response;
  try {
    answer = await fetch('/media', { method: 'POST', body: form, credentials: 'same-origin' });
  } catch {
    throw new Refused('offline', 'Not connected.');
  }
  if (answer.status === 413) throw new Refused('too_large', 'This file is too large.');
  if (!answer.ok) throw new Refused(answer.status === 415 ? 'unsupported' : 'internal', `Upload failed (${answer.status}).`);
  return (await answer.json()) as Uploaded;
}

export function mediaUrl(media_id: string): string {
  return `/media/${encodeURIComponent(media_id)}`;
}
