// Which commands a few letters mean: every word of them must begin a word of the title or the heading; the title counts more.
import type { Command } from '../lib/commands';

export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

function weight(words: readonly string[], wanted: string): number {
  const at = words.findIndex((word) => word.startsWith(wanted));
  return at < 0 ? 0 : at === 0 ? 3 : 2;
}

export function find(commands: readonly Command[], query: string): Command[] {
  const wanted = fold(query).split(/\s+/u).filter((word) => word !== '');
  if (wanted.length === 0) return [...commands];
  const split = (text: string): string[] => fold(text).split(/[^\p{L}\p{N}]+/u);
  return commands
    .map((command) => {
      const [title, group] = [split(command.title), split(command.group)];
      const each = wanted.map((word) => weight(title, word) || (weight(group, word) > 0 ? 1 : 0));
      return { command, score: each.includes(0) ? 0 : each.reduce((sum, one) => sum + one, 0) - (command.whyNot ? 0.5 : 0) };
    })
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score)
    .map((one) => one.command);
}
