// Where in the console we are: kept in the address after #, so that back, reload and bookmarks work.

export type Route = { page: 'interactions'; id: string | null } | { page: 'scripts' };

const state = $state<{ route: Route }>({ route: parse(location.hash) });
window.addEventListener('hashchange', () => (state.route = parse(location.hash)));

export function route(): Route {
  return state.route;
}

export function addressOf(target: Route): string {
  if (target.page === 'scripts') return '#/scripts';
  return target.id ? `#/i/${encodeURIComponent(target.id)}` : '#/';
}

export function go(target: Route): void {
  location.hash = addressOf(target);
}

function parse(hash: string): Route {
  if (hash === '#/scripts') return { page: 'scripts' };
  const found = /^#\/i\/(.+)$/u.exec(hash);
  if (!found) return { page: 'interactions', id: null };
  try {
    return { page: 'interactions', id: decodeURIComponent(found[1] ?? '') };
  } catch {
    return { page: 'interactions', id: null };
  }
}
