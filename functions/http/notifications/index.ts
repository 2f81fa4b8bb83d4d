import type { Route } from "#http/route.ts";
import { addPushSubscription } from "./add-push-subscription.ts";
import { addToAllowList } from "./add-to-allow-list.ts";
import { createNotification } from "./create-notification.ts";
import { getAllowList } from "./get-allow-list.ts";
import { getNotification } from "./get-notification.ts";
import { getNotifications } from "./get-notifications.ts";
import { getPushSubscriptions } from "./get-push-subscriptions.ts";
import { readNotifications } from "./read-notifications.ts";
import { removeFromAllowList } from "./remove-from-allow-list.ts";
import { removePushSubscription } from "./remove-push-subscription.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [
  createNotification,
  getNotifications,
  readNotifications,
  getAllowList,
  addToAllowList,
  removeFromAllowList,
  getPushSubscriptions,
  addPushSubscription,
  removePushSubscription,
  getNotification,
];
