import { z } from "zod";
import { removeSubscription } from "#data/platform/push-subscriptions.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";

export const removePushSubscription = defineRoute({
  method: "DELETE",
  path: "api/notifications/push-subscriptions/{id}",
  access: "key",
  summary: "Delete a push subscription",
  params: z.strictObject({ id: z.uuid() }),
  response: null,
  async handle({ app, params: { id } }) {
    if (await removeSubscription(app.db, id)) return { status: 204 };
    throw notFound(`there is no push subscription ${id}`);
  },
});
