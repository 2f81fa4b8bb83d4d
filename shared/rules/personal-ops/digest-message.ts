import type { CivilDate } from "../civil-date.ts";
import { type Bullet } from "./digest-bullets.ts";
import { oneLine } from "./one-line.ts";

/** Deferred notifications that a digest lists; it counts the others. */
const SHOWN = 10;

/** A notification that waited for the digest, as stored. */
export interface Deferred {
  readonly severity: string;
  readonly title: string;
}

export interface DigestMessage {
  readonly title: string;
  /** Plain text, safe to send. */
  readonly body: string;
}

/** The digest as text: the bullets, then the notifications that waited for it, the newest first. */
export function digestMessage(
  day: CivilDate,
  bullets: readonly Bullet[],
  deferred: readonly Deferred[],
): DigestMessage {
  const lines = bullets.map(({ severity, text }) => `• ${severity === "INFO" ? "" : `${severity}: `}${text}`);
  const waited = deferred
    .slice(0, SHOWN)
    .map(({ severity, title }) => `- ${severity === "INFO" ? "" : `${severity}: `}${oneLine(title, 120)}`);
  const more = deferred.length - waited.length;
  return {
    title: `Daily digest, ${day}`,
    body: [
      ...lines,
      ...(waited.length ? ["", "Deferred notifications:", ...waited] : []),
      ...(more > 0 ? [`And ${more} more in the app.`] : []),
    ].join("\n"),
  };
}
