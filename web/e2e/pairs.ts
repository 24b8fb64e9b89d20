// Which combinations to look at: all of them, or so few that each pair of values is among them.

export type Case = readonly string[];

/** Every combination that is allowed. */
export function all(values: readonly (readonly string[])[], allowed: (one: Case) => boolean): Case[] {
  const combined = values.reduce<Case[]>((cases, next) => cases.flatMap((one) => next.map((value) => [...one, value])), [[]]);
  return combined.filter(allowed);
}

/** The pairs that a combination holds. */
export function pairsOf(one: Case): string[] {
  return one.flatMap((left, at) => one.slice(at + 1).map((right, further) => `${at}:${left} ${at + 1 + further}:${right}`));
}

/** Few combinations that hold each pair some combination holds: always the one with the most new pairs, of these the one whose
 *  values were looked at least; the same each time. */
export function pairwise(cases: readonly Case[]): Case[] {
  const missing = new Set(cases.flatMap(pairsOf));
  const used = new Map<string, number>();
  const chosen: Case[] = [];
  while (missing.size > 0) {
    let best: Case = [];
    let most = 0;
    let least = 0;
    for (const one of cases) {
      const news = pairsOf(one).filter((pair) => missing.has(pair)).length;
      const seen = one.reduce((sum, value) => sum + (used.get(value) ?? 0), 0);
      if (news > most || (news === most && seen < least)) [best, most, least] = [one, news, seen];
    }
    for (const pair of pairsOf(best)) missing.delete(pair);
    for (const value of best) used.set(value, (used.get(value) ?? 0) + 1);
    chosen.push(best);
  }
  return chosen;
}
