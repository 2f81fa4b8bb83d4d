import { z } from "zod";
import { listNotifications } from "#data/platform/notification-queries.ts";
import { NOTIFICATION_STATES, SEVERITIES } from "#data/platform/notification-schema.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { instantField } from "#rules/input-fields.ts";
import { notificationSchema, notificationView } from "./notification-view.ts";

export const getNotifications = defineRoute({
  method: "GET",
  path: "api/notifications",
  access: "key",
  summary: "Notifications, newest first: of a recipient, unread ones, by state, severity or type",
  query: z.strictObject({
    recipient: z.string().min(1).optional(),
    state: z.enum(NOTIFICATION_STATES).optional(),
    severity: z.enum(SEVERITIES).optional(),
    type: z.string().min(1).optional(),
    unread: z.stringbool().optional(),
    since: instantField.optional(),
    cursor: z.uuid().optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({ notifications: z.array(notificationSchema), nextCursor: z.uuid().nullable() }),
  async handle({ app, query: { unread, cursor, limit, ...filter } }) {
    const wanted = { ...filter, isUnread: unread, before: cursor };
    const { rows, nextAfter } = await readPage(limit, (limit) => listNotifications(app.db, { ...wanted, limit }));
    return { json: { notifications: rows.map(notificationView), nextCursor: nextAfter?.id ?? null } };
  },
});
