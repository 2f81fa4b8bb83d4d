const MASK = "[redacted]";

/** Field names whose value is secret whatever it looks like. */
const SECRET_FIELD =
  /(pass(word|phrase)?|secret|token|api[-_]?key|access[-_]?key|shared[-_]?access|functions?[-_]?key|authorization|cookie|credential|connection[-_]?string|database[-_]?url|private[-_]?key|signature|\bsig\b|phone|mobile|e?mail[-_]?body)/i;
/** `key` alone names items and settings; it is secret only when it stands alone as a header or query name. */
const SECRET_EXACT = new Set(["code", "x-functions-key", "pwd", "sas", "auth", "body_html", "bodyhtml"]);

/** Secrets that are recognised by their shape, wherever in a text they stand. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // user:password@ in any URL
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/]*@/gi, `$1:${MASK}@`],
  [/\b(SharedAccessKey|AccountKey|AccessKey|Password|Pwd|SharedAccessSignature)=[^;\s"']+/gi, `$1=${MASK}`],
  [/([?&](?:code|sig|key|api_?key|apikey|access_token|token|password)=)[^&\s"']+/gi, `$1${MASK}`],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${MASK}`],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, MASK],
  [/\b(?:sk|pk|rk|xox[abprs]|ghp|gho|pat)[-_][A-Za-z0-9_-]{12,}/g, MASK],
  [/\b\d{8,10}:[A-Za-z0-9_-]{30,}\b/g, MASK],
  // E.164 and grouped telephone numbers; plain digit runs (ids, amounts, times) stay
  [/(?<![\w.:-])\+\d[\d ().-]{7,17}\d(?![\w:])/g, MASK],
  [/(?<![\w.:-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w:])/g, MASK],
];

const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_TEXT = 32_768;

/** Masks what looks like a secret in a text. */
export function redactText(text: string): string {
  let clean = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text;
  for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
  return clean;
}

/** A copy of `value` that is safe to log: secrets masked, errors with stack, cycles and depth cut, long lists counted. */
export function redact(value: unknown, depth = 0, seen = new Set<object>()): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return `[${typeof value}]`;
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (seen.has(value)) return "[circular]";
  if (depth >= MAX_DEPTH) return "[…]";
  seen.add(value);
  try {
    if (value instanceof Error) return redactError(value, depth, seen);
    if (Array.isArray(value)) return redactList(value, depth, seen);
    if (value instanceof Map) return redact(Object.fromEntries(value), depth, seen);
    if (value instanceof Set) return redactList([...value], depth, seen);
    if (value instanceof URL) return redactText(value.href);
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [
        name,
        isSecretField(name) && field !== null && field !== undefined && typeof field !== "boolean"
          ? MASK
          : redact(field, depth + 1, seen),
      ]),
    );
  } finally {
    seen.delete(value);
  }
}

function redactError(error: Error, depth: number, seen: Set<object>): Record<string, unknown> {
  return {
    name: error.name,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ""),
    ...("code" in error && { code: redact(error.code, depth + 1, seen) }),
    ...(error.cause !== undefined && { cause: redact(error.cause, depth + 1, seen) }),
  };
}

function redactList(list: readonly unknown[], depth: number, seen: Set<object>): unknown[] {
  const kept = list.slice(0, MAX_ITEMS).map((item) => redact(item, depth + 1, seen));
  return list.length > MAX_ITEMS ? [...kept, `… and ${list.length - MAX_ITEMS} more`] : kept;
}

function isSecretField(name: string): boolean {
  return SECRET_EXACT.has(name.toLowerCase()) || SECRET_FIELD.test(name);
}
