// The conversation as a list of things to draw: day marks, messages in groups, notes. Pure.
import { dayKey } from './format';
import type { Message, Note } from './protocol';

export type Entry =
  | { kind: 'day'; key: string; time: string }
  | { kind: 'message'; key: string; time: string; message: Message; follows: boolean }
  | { kind: 'note'; key: string; time: string; note: Note };

/** Messages of one author within this time belong together. */
const GROUP_MS = 5 * 60_000;

export function entries(messages: readonly Message[], notes: readonly Note[]): Entry[] {
  const out: Entry[] = [];
  let day = '';
  let last: Entry | null = null;
  let at = 0;
  const sorted = [...notes].sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
  const push = (entry: Entry): void => {
    const key = dayKey(entry.time);
    if (key !== day) {
      day = key;
      out.push({ kind: 'day', key: `day-${key}-${entry.key}`, time: entry.time });
      last = null;
    }
    out.push(entry);
    last = entry;
  };
  const notesBefore = (time: number): void => {
    for (let note = sorted[at]; note && Date.parse(note.created_at) < time; note = sorted[++at]) {
      push({ kind: 'note', key: `note-${note.note_id}`, time: note.created_at, note });
    }
  };
  for (const message of messages) {
    notesBefore(Date.parse(message.created_at));
    const entry: Entry = { kind: 'message', key: message.message_id, time: message.created_at, message, follows: false };
    entry.follows = follows(last, entry);
    push(entry);
  }
  notesBefore(Number.POSITIVE_INFINITY);
  return out;
}

function follows(last: Entry | null, entry: Entry & { kind: 'message' }): boolean {
  if (last?.kind !== 'message' || dayKey(last.time) !== dayKey(entry.time)) return false;
  const near = Date.parse(entry.time) - Date.parse(last.time) < GROUP_MS;
  const author = ({ author }: Message): string => (author.type === 'agent' ? author.agent_id : author.type);
  return near && author(last.message) === author(entry.message);
}
