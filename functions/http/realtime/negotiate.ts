import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { channelName } from "#realtime/live-event.ts";

/** Lifetime of the address; an open connection outlives it. */
const LIFETIME_MINUTES = 60;

export const negotiate = defineRoute({
  method: "POST",
  path: "api/realtime/negotiate",
  access: "viewer",
  summary: "A WebSocket address for live events; without a configured service the url is null, and clients poll",
  body: z.strictObject({ channels: z.array(channelName).min(1).max(50).default(["jobs"]) }),
  response: z.object({
    url: z
      .string()
      .nullable()
      .describe("For a WebPubSubClient, valid for 60 minutes. Null: no service is configured; poll"),
    channels: z.array(z.string()).describe("The channels of the address, as each event names them"),
  }),
  async handle({ app, body, caller }) {
    // Events carry no more than viewers may read.
    const channels = [...new Set(body.channels)];
    const access = await app.realtime.negotiate({ userId: caller, channels, minutes: LIFETIME_MINUTES });
    return { json: access ?? { url: null, channels } };
  },
});
