/** Where a text stops being JSON, and what would have to stand there. */
export interface JsonFault {
  /** Characters before it. */
  readonly at: number;
  readonly expected: string;
}

/**
 * Reads JSON that a person typed.
 * @throws SyntaxError in one sentence: what was expected, at which character, and what stands there
 */
export function readJsonInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const fault = faultIn(text);
    if (!fault) throw error;
    const found = fault.at < text.length ? JSON.stringify(text.slice(fault.at, fault.at + 12)) : "the end";
    throw new SyntaxError(
      `expected ${fault.expected} at character ${fault.at + 1}, got ${found}${quotesWereEaten(text) ? QUOTES_HINT : ""}`,
      { cause: error },
    );
  }
}

const QUOTES_HINT = "; put the whole in single quotes, or the shell takes the double quotes away";

function quotesWereEaten(text: string): boolean {
  return /^\s*\{/.test(text) && !text.includes('"') && /[\w']/.test(text);
}

/** The first place where the text is no JSON (RFC 8259); undefined when it is. The engine's own messages often name none. */
export function faultIn(text: string): JsonFault | undefined {
  try {
    const end = skip(SPACE, text, value(text, skip(SPACE, text, 0)));
    return end === text.length ? undefined : { at: end, expected: "the end" };
  } catch (fault) {
    if (fault instanceof Stop) return fault;
    throw fault;
  }
}

class Stop extends Error implements JsonFault {
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
// eslint-disable-next-line no-control-regex -- control characters are what JSON strings must not hold
const STRING = /"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*"/y;

/** Each of these takes the place where its part begins and returns the place behind it. */
function value(text: string, at: number): number {
  if (text[at] === "{") return members(text, at, "}", member, "a name in double quotes");
  if (text[at] === "[") return members(text, at, "]", value, "a value");
  if (text[at] === '"') return string(text, at, "a text that ends with a double quote");
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
