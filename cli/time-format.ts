const DAY = 86_400_000;

/** An instant as `2026-11-22T15:30:00Z`. */
export function utcIso(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** An instant in the time zone of this machine, with its offset: `2026-11-22T16:30:00+01:00`. */
export function localIso(at: Date): string {
  const offset = -at.getTimezoneOffset();
  if (offset === 0) return utcIso(at);
  const size = Math.abs(offset);
  const wall = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, 19);
  return `${wall}${offset < 0 ? "-" : "+"}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
}

/** The time until an instant: `in 3 h 12 min`, `in 2 d 4 h`, `in 20 s`; `due` for a past one. */
export function until(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  if (ms < 1_000) return "due";
  if (ms >= DAY) return `in ${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / 3_600_000)} h`;
  if (ms >= 3_600_000) return `in ${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`;
  return ms >= 60_000 ? `in ${Math.floor(ms / 60_000)} min` : `in ${Math.floor(ms / 1_000)} s`;
}

/** The time since an instant, in its largest unit: `now`, `20 s ago`, `5 min ago`, `3 h ago`, `12 d ago`. */
export function ago(at: Date, now: Date): string {
  const ms = now.getTime() - at.getTime();
  if (ms < 1_000) return "now";
  if (ms < 60_000) return `${Math.floor(ms / 1_000)} s ago`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
  return ms < DAY ? `${Math.floor(ms / 3_600_000)} h ago` : `${Math.floor(ms / DAY)} d ago`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
