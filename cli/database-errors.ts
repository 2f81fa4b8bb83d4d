import { redactText } from "#redaction/redact.ts";
import type { DatabaseTarget } from "./database-target.ts";

interface DatabaseError {
  readonly code?: string;
  readonly message?: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** The reason for a database error, in one sentence without the password. */
export function databaseErrorMessage(error: unknown, target: DatabaseTarget, purpose = "migrated"): string {
  const { code = "", message = "" } = innermost(error);
  return redactText(sentence(code, message, target, purpose)).replace(/\s+/g, " ");
}

function sentence(code: string, message: string, { name, source, user }: DatabaseTarget, purpose: string): string {
  switch (code) {
    case "ECONNREFUSED":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
    case "CONNECT_TIMEOUT":
      return `${name} is unreachable (${code}): start it, or correct ${source}.`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${name} is unreachable, its host is unknown (${code}): correct ${source}.`;
    case "28P01":
    case "28000":
      return `${name} rejects user ${user}: the password is wrong, or the access rules forbid it (${code}); correct ${source}.`;
    case "3D000":
      return `${name} does not exist: create it, or correct ${source}.`;
    case "42501":
      return `${name} does not let user ${user} change the schema: ${message}.`;
    case "55P03":
      return `${name} was not ${purpose}: another process has held a lock for too long, perhaps one that migrates as well (${code}).`;
    default:
      return `${name} was not ${purpose}: ${message || code || "no reason was given"}${code && message ? ` (${code})` : ""}.`;
  }
}

/** The innermost cause: wrappers quote the whole statement, and a host with several addresses fails once for each. */
function innermost(error: unknown): DatabaseError {
  let found: DatabaseError = error ?? {};
  for (let depth = 0; depth < 5; depth++) {
    const inner = found.cause ?? found.errors?.[0];
    if (inner === undefined || inner === null) break;
    found = inner;
  }
  return found;
}
