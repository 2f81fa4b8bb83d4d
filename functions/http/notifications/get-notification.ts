import { z } from "zod";
import { findNotification } from "../../../shared/data/platform/notification-reading.ts";
import { notFound } from "../../../shared/http/problem.ts";
import { defineRoute } from "../../../shared/http/route.ts";
import { notificationView } from "./notification-view.ts";

export const getNotification = defineRoute({
  method: "GET",
  path: "api/notifications/{id}",
  access: "key",
  summary: "One notification with every attempt in every channel",
  params: z.object({ id: z.uuid() }),
  async handle({ app, params }) {
    const found = await findNotification(app.db, params.id);
    if (!found) throw notFound(`there is no notification ${params.id}`);
    const deliveries = found.deliveries.map(({ notificationId: _, ...delivery }) => delivery);
    return { json: { ...notificationView(found.notification), deliveries } };
  },
});
