/** A part of a message that is read as one: a heading, or a paragraph, an item of a list, a line of a chat. */
export interface Block {
  readonly kind: "subject" | "heading" | "text";
  readonly text: string;
}

/** Longer lines are no headings. */
const LONGEST_HEADING = 100;
/** A line this long was wrapped by a mail program: the next line continues it. */
const WRAPPED_FROM = 60;

const BULLET = /^(?:[-*•+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?/;
const MAIL_HEADERS = new Set(["from", "to", "cc", "bcc", "date", "sent", "reply-to", "message-id", "importance"]);
const REPLY_PREFIX = /^(?:(?:re|fwd?|aw|wg)\s*:\s*)+/i;

/**
 * The blocks of a message, in order. Left out is what its author has not written for this message: quoted lines,
 * signatures, blocks of code, the header of a mail.
 */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: string[] = [];
  const close = () => {
    if (open.length) blocks.push({ kind: "text", text: plainSpaces(open.join(" ")) });
    open = [];
  };
  let fence: string | null = null;
  let isHeader = true;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    const fenceOfLine = ["```", "~~~"].find((mark) => line.startsWith(mark));
    if (fence !== null || fenceOfLine !== undefined) {
      close();
      if (fence === null) fence = fenceOfLine!;
      else if (fence === fenceOfLine) fence = null;
      continue;
    }
    if (line === "--" || line === "-----Original Message-----") break;
    if (line === "" || line.startsWith(">") || isAttribution(line)) {
      close();
      continue;
    }
    const heading = headingOf(line);
    if (heading !== null) {
      close();
      blocks.push({ kind: "heading", text: heading });
      continue;
    }
    // The line before is a heading where a line of = or - underlines it.
    if (/^(?:={3,}|-{3,})$/.test(line)) {
      const [title] = open;
      if (open.length === 1 && title!.length <= LONGEST_HEADING)
        blocks.push({ kind: "heading", text: plainSpaces(title!) });
      else close();
      open = [];
      continue;
    }
    const header = isHeader ? mailHeader(line) : null;
    if (header) {
      if (header.subject) blocks.push({ kind: "subject", text: header.subject });
      continue;
    }
    isHeader = false;
    const bullet = BULLET.exec(line)?.[0] ?? "";
    if (open.length === 0 || bullet !== "" || !isContinued(open.at(-1)!, line)) close();
    open.push(line.slice(bullet.length));
  }
  close();
  return blocks;
}

function headingOf(line: string): string | null {
  const marks = /^#{1,6}\s/.exec(line)?.[0].length;
  if (marks === undefined || line.length > 2 * LONGEST_HEADING) return null;
  const text = plainSpaces(line.slice(marks).replace(/\s#+$/, ""));
  return text !== "" && text.length <= LONGEST_HEADING ? text : null;
}

/** Whether a line continues the one before it, as mail programs wrap them. */
function isContinued(before: string, line: string): boolean {
  return before.length >= WRAPPED_FROM || (/^\p{Ll}/u.test(line) && !/[.!?:;]$/.test(before));
}

/** `On Tuesday, Ada wrote:`, before the mail that is quoted. */
function isAttribution(line: string): boolean {
  return line.startsWith("On ") && line.endsWith(" wrote:");
}

function mailHeader(line: string): { subject: string | null } | null {
  const colon = line.indexOf(": ");
  if (colon < 0 || colon > 20) return null;
  const name = line.slice(0, colon).toLowerCase();
  if (MAIL_HEADERS.has(name)) return { subject: null };
  if (name !== "subject" && name !== "betreff") return null;
  const subject = plainSpaces(line.slice(colon + 1)).replace(REPLY_PREFIX, "");
  return { subject: subject !== "" && subject.length <= LONGEST_HEADING ? subject : null };
}

function plainSpaces(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
