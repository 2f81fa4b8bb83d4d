import { v7 as uuidv7 } from "uuid";
import { z } from "zod";

const CHANNEL = /^[a-z][a-z0-9_.:-]{0,127}$/;

/** A channel is a group of Web PubSub: lower case, as in `jobs` or `liens:travis`. */
export const channelName = z
  .string()
  .regex(CHANNEL, "expected 1 to 128 of a-z, 0-9 and _ . : - with a letter first, as in jobs or liens:travis");

/** Whether `channelName` accepts a name; faster than the schema. */
export function isChannelName(name: string): boolean {
  return CHANNEL.test(name);
}

/** The type of an event: words with dots between them. */
export const eventType = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/,
    "expected words of a-z, 0-9 and _ with dots between, as in lien.redeemed",
  );

/** An event as subscribers get it: one message holds a list of events of its channel, oldest first. */
export const liveEventSchema = z.object({
  /** UUIDv7. A subscriber may get an event twice and recognises it by its id. */
  id: z.uuid(),
  /** What happened, as in `run.state_changed`. */
  type: eventType,
  channel: channelName,
  /** When it happened, ISO 8601 in UTC. */
  time: z.iso.datetime(),
  data: z.unknown(),
  /** The data was too large and is truncated: load the rest over HTTP. */
  truncated: z.literal(true).optional(),
});

/** Something that subscribers learn at once. They reload over HTTP what they may have missed. */
export interface LiveEvent<Data = unknown> {
  readonly id: string;
  readonly type: string;
  readonly channel: string;
  readonly time: string;
  readonly data: Data;
  readonly truncated?: true;
}

/** A new event. @param now when it happened */
export function liveEvent<Data>(
  { type, channel, data }: { readonly type: string; readonly channel: string; readonly data: Data },
  now: Date,
): LiveEvent<Data> {
  return { id: uuidv7({ msecs: now.getTime() }), type, channel, time: now.toISOString(), data };
}
