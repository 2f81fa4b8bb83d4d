import { z } from "zod";
import { listSubscriptions } from "#data/platform/push-subscriptions.ts";
import { defineRoute } from "#http/route.ts";
import { recipientText } from "./allow-list-view.ts";
import { pushSubscriptionView, viewOf } from "./push-subscription-view.ts";

export const getPushSubscriptions = defineRoute({
  method: "GET",
  path: "api/notifications/push-subscriptions",
  access: "key",
  summary: "The browsers of a recipient that take push messages, and the key with which another one subscribes",
  query: z.strictObject({ recipient: recipientText }),
  response: z.object({
    publicKey: z.string().nullable().describe("The applicationServerKey; null: push has no settings here"),
    subscriptions: z.array(pushSubscriptionView),
  }),
  async handle({ app, query: { recipient } }) {
    const subscriptions = (await listSubscriptions(app.db, recipient)).map(viewOf);
    return { json: { publicKey: app.config.VAPID_PUBLIC_KEY ?? null, subscriptions } };
  },
});
