import { z } from "zod";
import { addCorrections } from "#data/personal-ops/action-facts.ts";
import { defineRoute } from "#http/route.ts";
import { instantField } from "#rules/input-fields.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { auditByPerson } from "./audit-by-person.ts";

const words = z.string().trim().min(1).max(2_000);

export const addCorrection = defineRoute({
  method: "POST",
  path: "api/personal-ops/corrections",
  access: "operator",
  idempotent: true,
  summary: "Record that the person corrected something that the system did or said; audited",
  body: z.strictObject({
    subject: z.string().trim().min(1).max(300).describe("What was corrected: an action, the key of a memory item"),
    wrong: words,
    right: words,
    at: instantField.optional().describe("Default: now"),
  }),
  response: z.object({ id: z.int() }),
  async handle({ app, body, caller, header }) {
    const { response, started } = await respondOnce(app, { header, payload: { correct: body } }, async (tx) => {
      const now = app.clock.now();
      const [id] = await addCorrections(tx, [{ ...body, at: body.at ?? now, correctedBy: caller }]);
      await auditByPerson(tx, { at: now, caller, action: "correction added", subject: `correction:${id}` });
      return { response: { id: id! } };
    });
    return { status: started ? 201 : 200, json: response };
  },
});
