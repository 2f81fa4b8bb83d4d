import { milliseconds } from "#schedule/duration.ts";
import type { Option } from "./command.ts";

const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** An option that takes how long ago a time was, or the time itself; a date is midnight in UTC. Its value is in UTC. */
export function timeOption(about: string): Option<string> {
  return {
    about: `${about}: 2h or 7d ago, or a time: 2026-03-10T09:00Z`,
    placeholder: "<time>",
    read(value) {
      const at = TIME.test(value) ? Date.parse(value) : Date.now() - ago(value);
      if (Number.isNaN(at)) throw new Error("a time such as 2h, 7d or 2026-03-10T09:00Z");
      return new Date(at).toISOString();
    },
  };
}

function ago(value: string): number {
  try {
    return milliseconds(value);
  } catch {
    return NaN;
  }
}
