import type { Executor } from "#data/client.ts";
import { reachKey, routingFacts } from "#data/platform/new-notifications.ts";
import { configuredChannels } from "#notifications/channels.ts";
import type { ChannelName } from "#notifications/notification.ts";
import type { Config } from "#settings/config.ts";

/** The channels that carry a text of many lines. */
const READABLE = ["chatbot", "email"] as const satisfies readonly ChannelName[];

/**
 * The channels of the digest: the app, and the configured ones that the allow-list has for the recipient. Without an
 * entry all configured ones, so that the suppression is recorded and audited.
 */
export async function digestChannels(db: Executor, settings: Config): Promise<readonly ChannelName[]> {
  const recipient = settings.PERSONAL_OPS_RECIPIENT;
  const configured = configuredChannels(settings);
  const able = READABLE.filter((channel) => configured.has(channel));
  const { reachable } = await routingFacts(db, { families: [], recipients: [recipient] }, new Date(0));
  const allowed = able.filter((channel) => reachable.has(reachKey(recipient, channel)));
  return ["web", ...(allowed.length ? allowed : able)];
}
