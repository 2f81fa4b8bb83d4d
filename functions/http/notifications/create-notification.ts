import { v7 as uuidv7 } from "uuid";
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
  summary: "Tell somebody something: 201; told under the same dedupeKey or Idempotency-Key before: 200 with that one",
  body: newNotificationSchema,
  response: notificationSchema,
  idempotent: true,
  async handle({ app, body, caller, header }) {
    const { answer, started } = await respondOnce(app, { header, asked: { notify: body } }, async (tx) => {
      // One without a key gets one that nobody else has, to be found by.
      const dedupeKey = body.dedupeKey ?? `request:${uuidv7()}`;
      const context = notifier(app, { family: platform.id, who: caller });
      const { created } = await notify(context, tx, [{ ...body, dedupeKey }]);
      return { answer: notificationView((await findByDedupeKey(tx, body.recipient, dedupeKey))!), created };
    });
    const location = `/api/notifications/${String(answer.id)}`;
    return { status: started?.created ? 201 : 200, headers: { location }, json: answer };
  },
});
