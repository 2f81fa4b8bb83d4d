import { z } from "zod";
import { findNotification } from "#data/platform/notification-queries.ts";
import { CHANNELS, DELIVERY_STATES } from "#data/platform/notification-schema.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { notificationSchema, notificationView } from "./notification-view.ts";

export const getNotification = defineRoute({
  method: "GET",
  path: "api/notifications/{id}",
  access: "key",
  summary: "One notification with every attempt in every channel",
  params: z.object({ id: z.uuid() }),
  response: notificationSchema.extend({
    deliveries: z.array(
      z.object({
        channel: z.enum(CHANNELS),
        attempt: z.int().describe("0: completed at creation"),
        runId: z.uuid().nullable(),
        state: z.enum(DELIVERY_STATES).describe("unknown: the process stopped before the provider answered"),
        reason: z.string().nullable(),
        providerMessageId: z.string().nullable(),
        startedAt: z.iso.datetime(),
        endedAt: z.iso.datetime().nullable(),
      }),
    ),
  }),
  async handle({ app, params }) {
    const found = await findNotification(app.db, params.id);
    if (!found) throw notFound(`there is no notification ${params.id}`);
    const deliveries = found.deliveries.map(({ notificationId: _, dueAt: _due, ...delivery }) => delivery);
    return { json: { ...notificationView(found.notification), deliveries } };
  },
});
