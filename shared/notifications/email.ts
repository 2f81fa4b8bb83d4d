import type { Message } from "./channel.ts";
import { digestHtml, digestSchema, digestText } from "./digest.ts";
import { escapeHtml, htmlPage, paragraphs } from "./html-page.ts";
import { DIGEST_TYPE } from "./notification.ts";

export interface Email {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A notification as an e-mail. A digest is laid out from the list in its data. All texts are escaped. */
export function emailOf({ type, title, body, data }: Pick<Message, "type" | "title" | "body" | "data">): Email {
  // A subject has one line; a stored title may have several.
  const subject = title.replace(/\s+/g, " ");
  const digest = type === DIGEST_TYPE ? digestSchema.safeParse(data).data : undefined;
  if (digest) return { subject, text: digestText(digest), html: htmlPage(subject, digestHtml(digest)) };
  return { subject, text: body || title, html: htmlPage(subject, `<h1>${escapeHtml(title)}</h1>${paragraphs(body)}`) };
}
