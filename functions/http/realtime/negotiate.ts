import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { channelName } from "#realtime/live-event.ts";

/** How long the address can be connected to; a connection that stands by then stays. */
const MINUTES = 60;

export const negotiate = defineRoute({
  method: "POST",
  path: "api/realtime/negotiate",
  access: "viewer",
  summary: "An address (WebSocket) at which live events are heard; without a service the url is null: poll instead",
  body: z.strictObject({ channels: z.array(channelName).min(1).max(50).default(["jobs"]) }),
  response: z.object({
    url: z.string().nullable().describe("For a WebPubSubClient, for 60 minutes. Null: there is no service; poll"),
    channels: z.array(z.string()).describe("What is heard there, as it stands in each event"),
  }),
  async handle({ app, body, caller }) {
    // Whoever may look may hear what is told.
    const channels = [...new Set(body.channels)];
    const access = await app.realtime.negotiate({ userId: caller, channels, minutes: MINUTES });
    return { json: access ?? { url: null, channels } };
  },
});
