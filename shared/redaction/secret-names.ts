/** Stems that make a name secret at any position, compared without case and separators: `SharedAccessKeyOld`. */
const STEMS =
  /passw(or)?d|passphrase|(api|access|account|private|functions?|master|host|signing|encryption|subscription|auth)key|sharedaccess|connectionstring|databaseurl|credential|authorization|cookie|signature|phonenumber|(e?mail|html|text)body|body(html|text)/;
/** Words that make a name secret only as a whole word: `token`, `bot_token`, `mobile`, but not `automobile`. */
const WORDS = new Set([
  "token",
  "secret",
  "phone",
  "telephone",
  "mobile",
  "pwd",
  "auth",
  "sig",
  "sas",
  "otp",
  "bearer",
]);
/** Those of them that also count at the end of a lower-case name: `accesstoken`. */
const AT_END = /(token|secret|phone)$/;

/** A count or a measure is not secret: `tokens: 512`, `tokenCount`, `maxTokens`, `tokenTtlMs`. */
const MEASURE = /(s|count|length|size|total|age|ttl|max|min|limit|budget|left|used|in|at|per.+)$/;

/** The fields with the content of a mail. */
const MAIL_PARTS = new Set(["body", "html", "text"]);

/** Whether a field is redacted because of its name, whatever its value looks like. */
export function isSecretField(name: string, value: unknown): boolean {
  if (value === null || value === undefined || value === "" || typeof value === "boolean") return false;
  if (name.toLowerCase() === "code") return typeof value === "string" && looksLikeAKey(value);
  return isSecretName(name) && !(MEASURE.test(name.toLowerCase()) && isMeasure(value));
}

/** Whether a name alone marks its value as secret. */
export function isSecretName(name: string): boolean {
  const short = name.slice(0, 256);
  const plain = short.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
  if (STEMS.test(plain) || AT_END.test(plain)) return true;
  const words = short
    .replace(/([a-z0-9])(?=[A-Z])/g, "$1 ")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => WORDS.has(word) || WORDS.has(word.replace(/s$/, "")));
}

/** Whether a field is the content of a mail: `body` always, `text` and `html` only beside a subject. */
export function isMailContent(name: string, value: unknown, { hasSubject }: { readonly hasSubject: boolean }): boolean {
  const plain = name.toLowerCase();
  return typeof value === "string" && value !== "" && MAIL_PARTS.has(plain) && (plain === "body" || hasSubject);
}

function isMeasure(value: unknown): boolean {
  if (typeof value === "number" || typeof value === "bigint") return true;
  try {
    return (
      typeof value === "object" && value !== null && Object.values(value).every((part) => typeof part === "number")
    );
  } catch {
    return false;
  }
}

/** A function key or an OAuth code, unlike an error code: long, with upper case, lower case and digits. */
function looksLikeAKey(value: string): boolean {
  return /^\S{20,}$/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value) && /\d/.test(value);
}
