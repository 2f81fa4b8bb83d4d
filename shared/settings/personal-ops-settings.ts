import { type Setting, timeZone } from "./setting.ts";

/** One person's operations: what is synchronised, and when the person is addressed. */
export const PERSONAL_OPS_SETTINGS = {
  PERSONAL_OPS_TIME_ZONE: timeZone({
    about: "Time zone of the person, by which the digest and the morning call are scheduled.",
    fallback: "America/Chicago",
  }),
} satisfies Record<string, Setting<unknown>>;
