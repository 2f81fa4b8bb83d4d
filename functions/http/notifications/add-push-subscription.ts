import { saveSubscription } from "#data/platform/push-subscriptions.ts";
import { badRequest, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { endpointFault, pushSubscriptionSchema } from "#notifications/push-subscription.ts";
import { recipientText } from "./allow-list-view.ts";
import { storedSubscriptionSchema, subscriptionView } from "./push-subscription-view.ts";

export const addPushSubscription = defineRoute({
  method: "POST",
  path: "api/notifications/push-subscriptions",
  access: "key",
  summary: "Store a browser's push subscription for a recipient: 201; a known one moves to the recipient: 200",
  body: pushSubscriptionSchema.extend({ recipient: recipientText }),
  response: storedSubscriptionSchema,
  async handle({ app, body: { recipient, endpoint, keys } }) {
    if (app.config.VAPID_PUBLIC_KEY === undefined) {
      const missing = "VAPID_PUBLIC_KEY, VAPID_PRIVATE_KEY and VAPID_SUBJECT are not set";
      throw new Problem(409, "push-not-configured", `push is not configured: ${missing}`);
    }
    const fault = endpointFault(endpoint, app.config.WEB_PUSH_HOSTS);
    if (fault) throw badRequest([{ field: "endpoint", reason: fault }]);
    const saved = await saveSubscription(app.db, { recipient, endpoint, ...keys, addedAt: app.clock.now() });
    return { status: saved.isNew ? 201 : 200, json: subscriptionView(saved) };
  },
});
