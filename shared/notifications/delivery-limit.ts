import { type Duration, inWords, milliseconds } from "#schedule/duration.ts";
import { type Delivery, DeliveryError, type DeliveryResult } from "./deliver.ts";
import type { ChannelName } from "./notification.ts";

/**
 * How long after its first attempt a delivery is tried again, without the time behind a closed gate. Each limit is
 * longer than a usual outage of the channel: mail servers delay unknown senders (greylisting) and are down for hours,
 * while a late call helps less.
 */
export const DELIVERY_LIMITS: Readonly<Record<Exclude<ChannelName, "web">, Duration>> = {
  email: "12h",
  webhook: "12h",
  push: "12h",
  chatbot: "4h",
  sms: "4h",
  voice: "1h",
};

/** The result of a delivery; a failed or held one is final after the limit of its channel. */
export function withinLimit(delivery: Delivery, result: DeliveryResult, now: Date): DeliveryResult {
  const { channel, tryingSince } = delivery;
  if (result.kind === "sent" || tryingSince === null || channel === "web") return result;
  const limitMs = milliseconds(DELIVERY_LIMITS[channel]);
  if (now.getTime() - tryingSince.getTime() < limitMs) return result;
  if (result.kind === "failed" && result.error.isFinal) return result;
  const reason = result.kind === "failed" ? result.error.message : `${channel}: the provider asks to wait`;
  const gone = result.kind === "failed" ? result.error.gone : [];
  const message = `${reason}; not tried again: the first attempt was ${inWords(limitMs)} ago or longer, without the time behind a closed gate`;
  return { kind: "failed", error: new DeliveryError(message, "validation", gone) };
}
