import { z } from "zod";
import { markRead } from "#data/platform/notification-queries.ts";
import { defineRoute } from "#http/route.ts";

export const readNotifications = defineRoute({
  method: "POST",
  path: "api/notifications/read",
  access: "key",
  summary: "Mark notifications of a recipient as read: those with the given ids, or all",
  body: z.strictObject({
    recipient: z.string().min(1),
    ids: z.array(z.uuid()).min(1).max(1_000).optional(),
  }),
  response: z.object({ marked: z.int() }),
  async handle({ app, body: { recipient, ids } }) {
    return { json: { marked: await markRead(app.db, recipient, { ids, now: app.clock.now() }) } };
  },
});
