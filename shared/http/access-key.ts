import { createHash, timingSafeEqual } from "node:crypto";
import type { Protection } from "#settings/config.ts";
import type { Role } from "./access-policy.ts";

/** The role that a key grants; null for an unknown key. Takes the same time for every key. */
export function keyRole(key: string, { operatorKey, viewerKey }: Protection): Role | null {
  const [isOperator, isViewer] = [isSame(key, operatorKey), isSame(key, viewerKey)];
  return isOperator ? "operator" : isViewer ? "viewer" : null;
}

/** Digests have one length, so neither time nor errors reveal the length of the key or how much of a guess is right. */
function isSame(given: string, expected: string | undefined): boolean {
  return timingSafeEqual(digest(given), digest(expected ?? "")) && Boolean(expected);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
