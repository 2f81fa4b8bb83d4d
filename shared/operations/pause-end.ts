import { InvalidInput } from "#jobs/endings.ts";
import { isStorableInstant } from "#rules/input-fields.ts";
import { milliseconds } from "#schedule/duration.ts";

/**
 * Reads the end of a pause: an instant (`2026-04-01T06:00:00Z`) or a duration from now (`2h`).
 * @throws InvalidInput when it is neither, or not in the future
 */
export function pauseEnd(until: string, now: Date): Date {
  const end = isInstant(until) ? new Date(until) : afterDuration(until, now);
  if (!end || Number.isNaN(end.getTime())) {
    throw refused(
      `expected an instant such as "2026-04-01T06:00:00Z" or a duration such as "2h", got ${JSON.stringify(until)}`,
    );
  }
  if (!isStorableInstant(end)) throw refused("expected an end before the year 10000");
  if (end <= now) throw refused(`expected a time in the future, got ${end.toISOString()}; it is ${now.toISOString()}`);
  return end;
}

/** With its offset, so that the end is unambiguous. */
function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text);
}

function afterDuration(text: string, now: Date): Date | null {
  try {
    return new Date(now.getTime() + milliseconds(text));
  } catch {
    return null;
  }
}

function refused(reason: string): InvalidInput {
  return new InvalidInput([{ field: "until", reason }]);
}
