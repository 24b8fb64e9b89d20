// Where in the console we are: kept in the address after #, so that back, reload and bookmarks work.

/** Pages that have nothing but themselves. */
const PLAIN = ['board', 'report'] as const;
/** Pages that open one interaction in place. */
const OPENING = ['work', 'search'] as const;

export type Route =
  | { page: 'interactions'; id: string | null }
  | { page: (typeof PLAIN)[number] }
  | { page: (typeof OPENING)[number]; id: string | null }
  | { page: 'admin'; section: string };

const state = $state<{ route: Route }>({ route: parse(globalThis.location?.hash ?? '') });
globalThis.addEventListener?.('hashchange', () => (state.route = parse(location.hash)));

export function route(): Route {
  return state.route;
}

export function addressOf(target: Route): string {
  switch (target.page) {
    case 'interactions': return target.id ? `#/i/${encodeURIComponent(target.id)}` : '#/';
    case 'work':
    case 'search': return target.id ? `#/${target.page}/${encodeURIComponent(target.id)}` : `#/${target.page}`;
    case 'admin': return `#/admin/${target.section}`;
    default: return `#/${target.page}`;
  }
}

export function go(target: Route): void {
  location.hash = addressOf(target);
}

export function parse(hash: string): Route {
  const [name = '', rest = ''] = hash.replace(/^#\//u, '').split(/\/(.*)/u);
  const id = decoded(rest);
  const plain = PLAIN.find((one) => one === name);
  if (plain) return { page: plain };
  const opening = OPENING.find((one) => one === name);
  if (opening) return { page: opening, id };
  if (name === 'admin') return { page: 'admin', section: /^[a-z]+$/u.test(rest) ? rest : 'agents' };
  return { page: 'interactions', id: name === 'i' ? id : null };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text) || null;
  } catch {
    return null;
  }
}
