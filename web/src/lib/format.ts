// Times, lengths and sizes as people read them. Pure: the locale and the present are given.

const DAY = 86_400_000;

/** A countdown such as 0:45, 12:03 or 1:02:03; never below zero. */
export function countdown(ms: number): string {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const seconds = String(total % 60).padStart(2, '0');
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** A length in words, with its two largest units: 23 hr 59 min, 12 min, 40 sec. */
export function lengthOf(ms: number, locale: string): string {
  const unit = (value: number, name: string): string =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
  const minutes = Math.floor(Math.max(0, ms) / 60_000);
  if (minutes < 1) return unit(Math.max(0, Math.ceil(ms / 1000)), 'second');
  const hours = Math.floor(minutes / 60);
  if (hours < 1) return unit(minutes, 'minute');
  if (hours >= 48) return unit(Math.floor(hours / 24), 'day');
  return minutes % 60 === 0 ? unit(hours, 'hour') : `${unit(hours, 'hour')} ${unit(minutes % 60, 'minute')}`;
}

export function clockTime(time: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }).format(new Date(time));
}

export function fullTime(time: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(time));
}

/** Days between two instants as the reader's calendar counts them. */
export function daysApart(then: number, now: number): number {
  const midnight = (ms: number): number => {
    const day = new Date(ms);
    return Date.UTC(day.getFullYear(), day.getMonth(), day.getDate());
  };
  return Math.round((midnight(now) - midnight(then)) / DAY);
}

/** For a list: the hour today, the weekday this week, else the date. */
export function listTime(time: string, now: number, locale: string): string {
  const then = Date.parse(time);
  const apart = daysApart(then, now);
  if (apart <= 0) return clockTime(time, locale);
  if (apart < 7) return new Intl.DateTimeFormat(locale, { weekday: 'short' }).format(then);
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' }).format(then);
}

export function dayName(time: string, now: number, locale: string, words: { today: string; yesterday: string }): string {
  const then = Date.parse(time);
  const apart = daysApart(then, now);
  if (apart === 0) return words.today;
  if (apart === 1) return words.yesterday;
  const sameYear = new Date(then).getFullYear() === new Date(now).getFullYear();
  const year = sameYear ? {} : ({ year: 'numeric' } as const);
  return new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', ...year }).format(then);
}

export function dayKey(time: string): string {
  const day = new Date(time);
  return `${day.getFullYear()}-${day.getMonth()}-${day.getDate()}`;
}

export function fileSize(bytes: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = value < 10 && unit > 0 ? 1 : 0;
  return new Intl.NumberFormat(locale, {
    style: 'unit', unit: units[unit] ?? 'byte', unitDisplay: 'short', maximumFractionDigits: digits,
  }).format(value);
}

/** One or two letters for a contact's disc; a bare number has none. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const first = [...(words[0] ?? '')][0] ?? '';
  const last = words.length > 1 ? ([...(words[words.length - 1] ?? '')][0] ?? '') : '';
  return (first + last).toLocaleUpperCase();
}

/** A stable hue index for a contact, so that discs differ. */
export function hueOf(id: string, hues: number): number {
  let sum = 7;
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return sum % hues;
}

/** A language in the reader's words: `fr` → French. */
export function languageName(code: string, locale: string): string {
  try {
    const name = new Intl.DisplayNames(locale, { type: 'language' }).of(code) ?? code;
    return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
  } catch {
    return code;
  }
}
