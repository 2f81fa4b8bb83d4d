import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { speech } from "#rules/personal-ops/speech.ts";
import { CALL_PERIOD_MS, factsBefore } from "#services/personal-ops/daily-report.ts";

export const getCallPreview = defineRoute({
  method: "GET",
  path: "api/personal-ops/call-preview",
  access: "viewer",
  summary: "The script of the morning call as it would be read out now; nothing is called or written",
  response: z.object({
    day: z.iso.date(),
    script: z.string(),
    words: z.int().min(75).max(150),
    seconds: z.number().min(30).max(60).describe("At 150 words a minute"),
  }),
  async handle({ app }) {
    const facts = await factsBefore(app.db, {
      asOf: app.clock.now(),
      periodMs: CALL_PERIOD_MS,
      zone: app.config.PERSONAL_OPS_TIME_ZONE,
    });
    return { json: { day: facts.day, ...speech(facts) } };
  },
});
