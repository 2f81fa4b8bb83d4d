import { badRequest, Problem } from "./problem.ts";

/** Bodies above this many bytes are refused. */
export const MAX_BODY_BYTES = 1_048_576;
/** Nothing that an app stores nests deeper; every later reader of it (JSON, the schema, the database) is safe then. */
const MAX_DEPTH = 100;

/** What a body is read from. */
export interface BodySource {
  readonly header: (name: string) => string | null;
  readonly bytes: () => Promise<Uint8Array>;
}

/**
 * The bytes of a body within its limit.
 * @throws Problem 413 above the limit, as declared or as it is; 400 when the body ends early
 */
export async function bytesOf({ header, bytes }: BodySource): Promise<Uint8Array> {
  if (Number(header("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  let body: Uint8Array;
  try {
    body = await bytes();
  } catch {
    throw faultOf("ended before it was complete");
  }
  if (body.length > MAX_BODY_BYTES) throw tooLarge();
  return body;
}

/**
 * A JSON body as a value; no body is `{}`.
 * @throws Problem 415 when it is declared as something else; 400 when it is no JSON in UTF-8 that can be stored
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
    throw faultOf(`is no JSON: ${(error as Error).message}`);
  }
  const fault = storageFault(value);
  if (fault) throw faultOf(fault);
  return value;
}

/** Why a value cannot be stored, if so: PostgreSQL has no U+0000 and no half of a surrogate pair. */
export function storageFault(value: unknown): string | undefined {
  // A list rather than recursion: a megabyte of "[" is half a million levels.
  const open: { value: unknown; depth: number }[] = [{ value, depth: 1 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value === "string" && !isStorable(value)) return NOT_STORABLE;
    if (typeof value !== "object" || value === null) continue;
    if (depth > MAX_DEPTH) return `nests deeper than ${MAX_DEPTH} levels`;
    for (const [name, field] of Object.entries(value)) {
      if (!isStorable(name)) return NOT_STORABLE;
      open.push({ value: field, depth: depth + 1 });
    }
  }
  return undefined;
}

const NOT_STORABLE = "holds a character that is none: U+0000 or half of a surrogate pair";

function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

function faultOf(reason: string): Problem {
  return badRequest([{ field: "body", reason }]);
}

function tooLarge(): Problem {
  return new Problem(413, "content-too-large", `expected a body of at most ${MAX_BODY_BYTES} bytes`);
}
