import { NOT_ALLOWED, reachKey, type RoutingFacts, type SettledChannel } from "#data/platform/new-notifications.ts";
import type { NotificationState } from "#data/platform/notification-schema.ts";
import { type ChannelName, NEVER_DEFERRED, type Severity } from "./notification.ts";

/** How a new notification is delivered. */
export interface Route {
  readonly channels: readonly ChannelName[];
  readonly state: Extract<NotificationState, "pending" | "sent" | "suppressed">;
  readonly reason: string | null;
  /** The next digest contains it. */
  readonly isDeferred: boolean;
  /** Channels of which nothing more is to be done. */
  readonly settled: readonly SettledChannel[];
  /** A channel needs a call to a provider. */
  readonly needsRun: boolean;
}

export interface Routed {
  readonly recipient: string;
  readonly family: string;
  readonly severity: Severity;
  readonly type: string;
  readonly channels?: readonly ChannelName[] | undefined;
}

/** The channels of a notification without explicit channels. The app itself is always one of them. */
export function channelsOf(severity: Severity): readonly ChannelName[] {
  switch (severity) {
    case "SEV0":
      return ["web", "voice"];
    case "SEV1":
      return ["web", "sms"];
    case "WARN":
    case "INFO":
      return ["web"];
  }
}

/**
 * Decides for each channel, in this order: messages to people are switched off → `suppressed`; the channel is not
 * configured → `suppressed`; the recipient has no allowed address → `suppressed`; quiet hours and not urgent → the
 * digest; otherwise it is sent.
 *
 * | state | when |
 * |---|---|
 * | `pending` | a channel waits for its run, or only the next digest is left |
 * | `sent` | a channel has it, and none waits for a run |
 * | `suppressed` | no channel may have it; the reason is that of the first channel |
 */
export function routeOf(notification: Routed, configured: ReadonlySet<ChannelName>, facts: RoutingFacts): Route {
  const { family, severity, type } = notification;
  const channels = notification.channels ?? channelsOf(severity);
  const isUrgent = severity === "SEV0" || severity === "SEV1";
  const settled: SettledChannel[] = [];
  for (const channel of channels) {
    const verdict = verdictOf(channel);
    if (verdict) settled.push({ channel, ...verdict });
  }
  const needsRun = settled.length < channels.length;
  const isSent = settled.some(({ state }) => state === "sent");
  const deferred = settled.find(({ state }) => state === "deferred");
  const waitsByRoute = notification.channels === undefined && !isUrgent && isSent;
  const state = needsRun ? "pending" : isSent ? "sent" : deferred ? "pending" : "suppressed";
  const reason = needsRun || isSent ? null : (deferred ?? settled[0])!.reason;
  return { channels, state, reason, isDeferred: deferred !== undefined || waitsByRoute, settled, needsRun };

  function verdictOf(channel: ChannelName): Omit<SettledChannel, "channel"> | undefined {
    if (facts.muted.has(family)) return { state: "suppressed", reason: "comms disabled" };
    if (channel === "web") return { state: "sent", reason: null };
    if (!configured.has(channel)) return { state: "suppressed", reason: "channel not configured" };
    if (!mayReach(channel)) return { state: "suppressed", reason: NOT_ALLOWED };
    const quiet = facts.quiet.get(family);
    // Quiet hours defer notifications to the digest, so the digest itself is not deferred.
    if (quiet && !isUrgent && !NEVER_DEFERRED.has(type))
      return { state: "deferred", reason: `${quiet}: in the next digest` };
    return undefined;
  }

  function mayReach(channel: ChannelName): boolean {
    // The webhook calls a machine whose address is a setting.
    return channel === "webhook" || facts.reachable.has(reachKey(notification.recipient, channel));
  }
}
