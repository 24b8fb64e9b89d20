// What roles, channel kinds and states are called, and a code made of a title.
import type { Role } from '../lib/protocol';

export function roleTitle(roles: readonly Role[], role: string): string {
  return roles.find((one) => one.role === role)?.title || role;
}

/** A code as the wire wants it: small letters, digits and underscores. */
export function codeOf(title: string): string {
  return title.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/gu, '_').replace(/^_+|_+$/gu, '').slice(0, 40);
}
