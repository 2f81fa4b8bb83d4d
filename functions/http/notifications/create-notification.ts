import { randomUUID } from "node:crypto";
import { findByDedupeKey } from "#data/platform/notification-queries.ts";
import { defineRoute } from "#http/route.ts";
import { newNotificationSchema } from "#notifications/notification.ts";
import { notifier } from "#notifications/notifier.ts";
import { notify } from "#notifications/notify.ts";
import { platform } from "../../families.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { notificationSchema, notificationView } from "./notification-view.ts";

export const createNotification = defineRoute({
  method: "POST",
  path: "api/notifications",
  access: "key",
  summary: "Create a notification: 201; a repeated dedupeKey or Idempotency-Key returns the first one: 200",
  body: newNotificationSchema,
  response: notificationSchema,
  idempotent: true,
  async handle({ app, body, caller, header }) {
    const { response, started } = await respondOnce(app, { header, payload: { notify: body } }, async (tx) => {
      // A unique key, so that the notification can be read back.
      const dedupeKey = body.dedupeKey ?? `request:${randomUUID()}`;
      const context = notifier(app, { family: platform.id, who: caller });
      const { created } = await notify(context, tx, [{ ...body, dedupeKey }]);
      return { response: notificationView((await findByDedupeKey(tx, body.recipient, dedupeKey))!), created };
    });
    const location = `/api/notifications/${String(response.id)}`;
    return { status: started?.created ? 201 : 200, headers: { location }, json: response };
  },
});
