import { redactContacts } from "#redaction/contacts.ts";

/** Characters of a stored text that are read: the rest would be cut anyway. */
const READ = 2_000;

/**
 * A stored text as one line of plain text that may be sent: without addresses, telephone numbers, secrets, links,
 * control characters and the characters of markup and templates.
 * @param max UTF-16 units. Default 160
 */
export function oneLine(text: string, max = 160): string {
  // Compatibility forms first: a full-width digit or bracket is read as the plain one.
  const plain = text
    .slice(0, READ)
    .toWellFormed()
    .normalize("NFKC")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")
    .replace(/[\p{Cf}\p{Co}\p{Cn}\uFFFD]/gu, "");
  const words = redactContacts(withoutLinks(redactContacts(plain)))
    .replace(/<\/?[a-z!?%][^<>]{0,200}>/gi, " ")
    .replace(/\[(?!redacted\])|(?<!\[redacted)\]|[<>{}`*|~\\^]|\$(?=[({])|^[\s#>=+•-]+/g, " ");
  // Removed characters may have joined the digits of a number.
  const line = redactContacts(words).replace(/\s+/g, " ").trim();
  return line.length <= max
    ? line
    : `${line
        .slice(0, max - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, "")
        .trimEnd()}…`;
}

function withoutLinks(text: string): string {
  return text
    .replace(/!?\[([^[\]]{0,200})\]\([^()\s]{0,2000}\)/g, "$1")
    .replace(/\b[a-z][a-z0-9+.-]{1,20}:\/\/\S{1,2000}/gi, "(link)")
    .replace(/\b(?:javascript|data|mailto|tel|sms):\S{1,2000}/gi, "(link)");
}
