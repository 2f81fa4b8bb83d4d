/** Where a text stops being valid JSON, and what was expected there. */
export interface JsonError {
  /** Characters before it. */
  readonly at: number;
  readonly expected: string;
}

/**
 * Reads JSON that a person typed.
 * @throws SyntaxError in one sentence: what was expected, at which character, and what was found
 */
export function readJsonInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const fault = findJsonError(text);
    if (!fault) throw error;
    const found = fault.at < text.length ? JSON.stringify(text.slice(fault.at, fault.at + 12)) : "the end";
    throw new SyntaxError(
      `expected ${fault.expected} at character ${fault.at + 1}, got ${found}${quotesWereEaten(text) ? MISSING_QUOTES_HINT : ""}`,
      { cause: error },
    );
  }
}

const MISSING_QUOTES_HINT = "; put the JSON in single quotes, otherwise the shell removes the double quotes";

function quotesWereEaten(text: string): boolean {
  return /^\s*\{/.test(text) && !text.includes('"') && /[\w']/.test(text);
}

/**
 * The first position where the text is not JSON (RFC 8259); undefined for valid JSON. V8's messages often name none.
 */
export function findJsonError(text: string): JsonError | undefined {
  try {
    const end = skip(SPACE, text, value(text, skip(SPACE, text, 0)));
    return end === text.length ? undefined : { at: end, expected: "the end" };
  } catch (fault) {
    if (fault instanceof Stop) return fault;
    throw fault;
  }
}

class Stop extends Error implements JsonError {
  readonly at: number;
  readonly expected: string;
  constructor(at: number, expected: string) {
    super(expected);
    this.at = at;
    this.expected = expected;
  }
}

const SPACE = /[ \t\r\n]*/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// eslint-disable-next-line no-control-regex -- a JSON string must not contain control characters
const STRING = /"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*"/y;

/** Each function takes the position where its part begins and returns the position behind it. */
function value(text: string, at: number): number {
  if (text[at] === "{") return members(text, at, "}", member, "a name in double quotes");
  if (text[at] === "[") return members(text, at, "]", value, "a value");
  if (text[at] === '"') return string(text, at, "a string that ends with a double quote");
  const end = skip(SCALAR, text, at);
  if (end === at) throw new Stop(at, "a value");
  return end;
}

function members(
  text: string,
  begin: number,
  close: string,
  part: (text: string, at: number) => number,
  expected: string,
): number {
  let at = skip(SPACE, text, begin + 1);
  if (text[at] === close) return at + 1;
  if (at === text.length) throw new Stop(at, `${expected} or ${close}`);
  for (;;) {
    at = skip(SPACE, text, part(text, at));
    if (text[at] === close) return at + 1;
    if (text[at] !== ",") throw new Stop(at, `, or ${close}`);
    at = skip(SPACE, text, at + 1);
  }
}

function member(text: string, at: number): number {
  const colon = skip(SPACE, text, string(text, at, "a name in double quotes"));
  if (text[colon] !== ":") throw new Stop(colon, ":");
  return value(text, skip(SPACE, text, colon + 1));
}

function string(text: string, at: number, expected: string): number {
  const end = skip(STRING, text, at);
  if (end === at) throw new Stop(at, expected);
  return end;
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
