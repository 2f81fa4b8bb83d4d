import { z } from "zod";
import { listAllowed } from "#data/platform/allow-list.ts";
import { ALLOW_LISTED } from "#data/platform/notification-schema.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { allowListEntrySchema, entryView, recipientText } from "./allow-list-view.ts";

/** The last entry of a page, encoded. */
const cursor = z
  .string()
  .max(500)
  .transform((text, context) => {
    const read = z.tuple([z.string(), z.enum(ALLOW_LISTED)]).safeParse(jsonOf(text));
    if (read.success) return { recipient: read.data[0], channel: read.data[1] };
    context.addIssue({ code: "custom", message: "expected the nextCursor of a page" });
    return z.NEVER;
  });

export const getAllowList = defineRoute({
  method: "GET",
  path: "api/notifications/allow-list",
  access: "viewer",
  summary: "The addresses at which recipients may be reached, by recipient and channel",
  query: z.strictObject({
    recipient: recipientText.optional(),
    channel: z.enum(ALLOW_LISTED).optional(),
    cursor: cursor.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({ entries: z.array(allowListEntrySchema), nextCursor: z.string().nullable() }),
  async handle({ app, role, query: { recipient, channel, cursor: after, limit } }) {
    const wanted = { ...(recipient && { recipient }), ...(channel && { channel }), after };
    const { rows, nextAfter } = await readPage(limit, (limit) => listAllowed(app.db, { ...wanted, limit }));
    return {
      json: { entries: rows.map((entry) => entryView(entry, role)), nextCursor: nextAfter && cursorText(nextAfter) },
    };
  },
});

function cursorText({ recipient, channel }: { recipient: string; channel: string }): string {
  return Buffer.from(JSON.stringify([recipient, channel])).toString("base64url");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    return undefined;
  }
}
