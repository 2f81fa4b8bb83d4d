import { createHash, timingSafeEqual } from "node:crypto";
import type { Protection } from "#settings/config.ts";
import type { Role } from "./checker.ts";

/** The role that a key opens; null for one that is not ours. Takes as long whatever the key is. */
export function keyRole(given: string, { operatorKey, viewerKey }: Protection): Role | null {
  const [isOperator, isViewer] = [isSame(given, operatorKey), isSame(given, viewerKey)];
  return isOperator ? "operator" : isViewer ? "viewer" : null;
}

/** Digests have one length: neither the time nor an error tells how long the key is or how far a guess was right. */
function isSame(given: string, expected: string | undefined): boolean {
  return timingSafeEqual(digest(given), digest(expected ?? "")) && Boolean(expected);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
