export const REDACTED = "[redacted]";

interface SecretPattern {
  /** The pattern is tried only on a text that has all of these characters: most texts do not, so logging is cheap. */
  readonly needs: string;
  readonly pattern: RegExp;
  readonly replacement: string;
}

const SECRET_WORD =
  "password|passwd|passphrase|pwd|(?:client|app|api)[-_ ]?secret|secret|(?:api|access|shared ?access|account|private|functions?)[-_ ]?key|(?:access|refresh|id|auth|bot|bearer)?[-_ ]?token";

/**
 * Secrets that have a recognisable form. Every pattern takes time linear in the length of the text: it starts at one
 * position of a run of letters (lookbehind), or its length is bounded.
 */
const PATTERNS: readonly SecretPattern[] = [
  {
    needs: "-BEGIN",
    pattern: /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}-----|$)/g,
    replacement: REDACTED,
  },
  // The value of such a header, to the end of the line or of the quotation
  {
    needs: "",
    pattern:
      /\b((?:proxy-)?authorization|x-functions-key|x-api-key|api-key|(?:set-)?cookie)(["']?\s{0,4}[:=]\s{0,4}["']?)[^\r\n"']+/gi,
    replacement: `$1$2${REDACTED}`,
  },
  // Passwords in the addresses of databases and brokers may contain any character: up to the last @
  {
    needs: "@:/",
    pattern:
      /\b((?:postgres(?:ql)?|mysql|mariadb|sqlserver|mongodb(?:\+srv)?|rediss?|amqps?|smtps?):\/\/[^\s:/@"'<>]{0,256}):[^\s"'<>]{0,2048}@/gi,
    replacement: `$1:${REDACTED}@`,
  },
  // user:password@ in any other address, and a lone token@ in a web address
  {
    needs: "@:/",
    pattern: /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/?#@"'<>]{0,256}):[^\s/?#@"'<>]{0,2048}@/gi,
    replacement: `$1:${REDACTED}@`,
  },
  { needs: "@:/", pattern: /\b(https?:\/\/)[^\s:/?#@"'<>]{1,2048}@/gi, replacement: `$1${REDACTED}@` },
  // Queries, forms, connection strings, settings: name=value; a value may be quoted
  {
    needs: "=",
    pattern: /([?&](?:code|key|auth|pass|subscription-key)=)[^&\s"'<>]{1,4096}/gi,
    replacement: `$1${REDACTED}`,
  },
  {
    needs: "=",
    pattern:
      /((?<![a-z])(?:sig|pwd)|signature|passw(?:or)?d|passphrase|(?:api|access|account|private|functions?)[_-]?key|secret|token)(\s{0,2}=\s{0,2})(?:"[^"]{0,2048}"|'[^']{0,2048}'|[^&;\s"']{1,4096})/gi,
    replacement: `$1$2${REDACTED}`,
  },
  // JSON inside a text, also escaped
  {
    needs: ":",
    pattern: new RegExp(
      `(\\\\?["'][\\w -]{0,32}(?:${SECRET_WORD})\\\\?["']\\s{0,4}:\\s{0,4}\\\\?["'])[^"'\\\\]{1,4096}`,
      "gi",
    ),
    replacement: `$1${REDACTED}`,
  },
  // "password: hunter2", but not "password: expected a text"
  {
    needs: ":",
    pattern: new RegExp(`(${SECRET_WORD})(:\\s{0,4})(?=[^\\s\\d]{0,200}\\d)[^\\s,;"']{4,2048}`, "gi"),
    replacement: `$1$2${REDACTED}`,
  },
  {
    needs: " ",
    pattern: /\b(bearer)\s{1,4}(?:[a-z0-9._~+/=-]{16,}|(?=[a-z._~+/=-]{0,16}\d)[a-z0-9._~+/=-]{6,})/gi,
    replacement: `$1 ${REDACTED}`,
  },
  {
    needs: " ",
    pattern: /\b(Basic|basic|BASIC)\s{1,4}(?=[A-Za-z+/]{0,200}(?:[0-9=]|[a-z][A-Z]))[A-Za-z0-9+/_-]{6,}={0,2}/g,
    replacement: `$1 ${REDACTED}`,
  },
  // JSON Web Tokens
  {
    needs: "eyJ.",
    pattern: /(?<![A-Za-z0-9-])eyJ[A-Za-z0-9_-]{8,512}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/g,
    replacement: REDACTED,
  },
  // Keys with the prefix of their issuer
  {
    needs: "",
    pattern:
      /(?<![A-Za-z0-9])(?:sk-[A-Za-z0-9_-]{20,}|[rsp]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}|gh[opusr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|xox[abeprs]-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}|(?:ntn|secret)_[A-Za-z0-9]{30,})/g,
    replacement: REDACTED,
  },
  // Azure: function keys contain AzFu; keys of storage and brokers are 64 or 32 bytes in base64
  {
    needs: "AzFu",
    pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{20,}AzFu[A-Za-z0-9_-]{4,12}={0,2}/g,
    replacement: REDACTED,
  },
  {
    needs: "=",
    pattern: /(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=])/g,
    replacement: REDACTED,
  },
  // Telegram's bot tokens, which follow "bot" in its addresses
  { needs: ":", pattern: /(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}/g, replacement: REDACTED },
  // Telephone numbers: E.164 with or without grouping, but no decimal number with a sign
  {
    needs: "+",
    pattern: /(?<![\w.])(?!\+\d{1,15}\.\d{1,8}(?![\d.]))\+\d(?:[ ().-]{0,2}\d){7,14}(?!\d)/g,
    replacement: REDACTED,
  },
  // North American grouping, then German; plain runs of digits (ids, amounts, times) stay
  {
    needs: "",
    pattern: /(?<![\w.-])(?:\(\d{3}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])/g,
    replacement: REDACTED,
  },
  { needs: "0 ", pattern: /(?<![\w.-])00[1-9]\d{0,2} [\d ()-]{6,15}\d(?![\w-])/g, replacement: REDACTED },
  { needs: "0", pattern: /(?<![\w.-])0\d{2,4}[ /-]\d{6,9}(?![\w-])/g, replacement: REDACTED },
];

/** Texts without secrets, mostly ids: one test instead of twenty. */
const HARMLESS = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[a-z_]{0,64}|.{0,5})$/i;

/** Replaces what looks like a secret with `[redacted]`, in time linear in the length of the text. */
export function redactPatterns(text: string): string {
  if (HARMLESS.test(text)) return text;
  const present = charactersOf(text);
  let clean = text;
  for (const { needs, pattern, replacement } of PATTERNS) {
    if (hasAll(present, needs)) clean = clean.replace(pattern, replacement);
  }
  return clean;
}

const characters = new Uint8Array(128);

/** Which ASCII characters a text has. The next call overwrites the result. */
function charactersOf(text: string): Uint8Array {
  characters.fill(0);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 128) characters[code] = 1;
  }
  return characters;
}

function hasAll(present: Uint8Array, needs: string): boolean {
  for (let i = 0; i < needs.length; i++) {
    if (!present[needs.charCodeAt(i)]) return false;
  }
  return true;
}
