import { z } from "zod";
import { listSubscriptions } from "#data/platform/push-subscriptions.ts";
import { defineRoute } from "#http/route.ts";
import { recipientText } from "./allow-list-view.ts";
import { storedSubscriptionSchema, subscriptionView } from "./push-subscription-view.ts";

export const getPushSubscriptions = defineRoute({
  method: "GET",
  path: "api/notifications/push-subscriptions",
  access: "key",
  summary: "The push subscriptions of a recipient, and the key with which a browser subscribes",
  query: z.strictObject({ recipient: recipientText }),
  response: z.object({
    publicKey: z.string().nullable().describe("The applicationServerKey; null: push is not configured"),
    subscriptions: z.array(storedSubscriptionSchema),
  }),
  async handle({ app, query: { recipient } }) {
    const subscriptions = (await listSubscriptions(app.db, recipient)).map(subscriptionView);
    return { json: { publicKey: app.config.VAPID_PUBLIC_KEY ?? null, subscriptions } };
  },
});
