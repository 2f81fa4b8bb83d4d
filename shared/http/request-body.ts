import { badRequest, Problem } from "./problem.ts";

/** Larger bodies are refused. */
export const MAX_BODY_BYTES = 1_048_576;
/** Nesting limit; it keeps JSON, schemas and the database from running out of stack. */
const MAX_DEPTH = 100;

/** The source of a body. */
export interface BodySource {
  readonly header: (name: string) => string | null;
  readonly bytes: () => Promise<Uint8Array>;
}

/**
 * Reads a body within the limit.
 * @throws Problem 413 when its declared or real length exceeds the limit; 400 when the body ends early; 411 when the
 * host has dropped it: Azure passes no body without a Content-Length
 */
export async function bytesOf({ header, bytes }: BodySource, most = MAX_BODY_BYTES): Promise<Uint8Array> {
  const declared = Number(header("content-length") ?? 0);
  if (declared > most) throw tooLarge(most);
  let body: Uint8Array;
  try {
    body = await bytes();
  } catch {
    throw faultOf("ended before it was complete");
  }
  if (body.length > most) throw tooLarge(most);
  if (body.length < declared) throw faultOf(`ended after ${body.length} of ${declared} bytes`);
  if (body.length === 0 && header("transfer-encoding") !== null) {
    throw new Problem(411, "length-required", "expected a body with a Content-Length, got one without: it is lost");
  }
  return body;
}

/**
 * Parses a JSON body; an empty body is `{}`.
 * @throws Problem 415 when the content type is not JSON; 400 when it is not JSON in UTF-8 that PostgreSQL can store
 */
export function jsonOf(body: Uint8Array, type: string | null): unknown {
  if (body.length === 0) return {};
  if (type !== null && !/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new Problem(415, "unsupported-media-type", `expected application/json, got ${type.slice(0, 100)}`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw faultOf("is not UTF-8");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw faultOf(`is not JSON: ${(error as Error).message}`);
  }
  const fault = storageFault(value);
  if (fault) throw faultOf(fault);
  return value;
}

/** Why PostgreSQL cannot store a value: it accepts no U+0000 and no lone surrogate. @returns undefined when it can */
export function storageFault(value: unknown): string | undefined {
  // A stack of its own instead of recursion: a megabyte of "[" has a million levels.
  const open: { value: unknown; depth: number }[] = [{ value, depth: 1 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value === "string" && !isJsonbSafe(value)) return NOT_STORABLE;
    if (typeof value !== "object" || value === null) continue;
    if (depth > MAX_DEPTH) return `nests deeper than ${MAX_DEPTH} levels`;
    for (const [name, field] of Object.entries(value)) {
      if (!isJsonbSafe(name)) return NOT_STORABLE;
      open.push({ value: field, depth: depth + 1 });
    }
  }
  return undefined;
}

const NOT_STORABLE = "contains an invalid character: U+0000 or a lone surrogate";

function isJsonbSafe(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

function faultOf(reason: string): Problem {
  return badRequest([{ field: "body", reason }]);
}

function tooLarge(most: number): Problem {
  return new Problem(413, "content-too-large", `expected a body of at most ${most} bytes`);
}
