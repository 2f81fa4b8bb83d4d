import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { lockPension, revalueAllDays } from "#data/portfolio/pension-progress.ts";
import type { PensionContribution } from "#data/portfolio/pension-schema.ts";
import { finalDaysSince, listContributions, type NewContribution } from "#data/portfolio/pensions.ts";
import { badRequest, notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { contributionFaults } from "#rules/portfolio/contribution-faults.ts";
import { respondOnce } from "../../idempotent-requests.ts";
import { bookContributions } from "./book-contributions.ts";
import { inList } from "./create-pension.ts";
import { enqueueValuation } from "./enqueue-valuation.ts";
import { changedPensionSchema, contributionsSchema } from "./pension-schemas.ts";
import { reopenFinalDays } from "./reopen-final-days.ts";

/**
 * A reference identifies a contribution: a repeated one is counted once. A contribution dated before final days changes
 * their values: it needs a reason, the days become pending again, and the audit records it.
 */
export const addContributions = defineRoute({
  method: "POST",
  path: "api/v1/etf-pensions/{id}/contributions",
  access: "key",
  idempotent: true,
  summary: "Add contributions to a pension; those dated before final values need a reopenReason",
  params: z.object({ id: z.uuid() }),
  body: z.strictObject({
    contributions: contributionsSchema.min(1),
    reopenReason: z.string().trim().min(1).max(1_000).optional(),
  }),
  response: changedPensionSchema.extend({ added: z.int(), known: z.int(), reopenedDays: z.int() }),
  async handle({ app, params: { id }, body, caller, header }) {
    const { contributions, reopenReason } = body;
    const { response, started } = await respondOnce(
      app,
      { header, payload: { addContributions: id, body } },
      async (tx) => {
        const now = app.clock.now();
        const faults = contributionFaults(contributions, civilDateIn("Europe/Berlin", now));
        if (faults.length) throw badRequest(faults.map(inList));
        if (!(await lockPension(tx, id))) throw notFound(`there is no pension ${id}`);
        const booked = await listContributions(tx, id);
        const added = newContributions(booked, contributions);
        const reopening = { pensionId: id, reason: reopenReason, who: caller, at: now };
        const reopenedDays = added.length ? await reopenChangedDays(tx, added, reopening) : 0;
        const earlier = booked.filter(({ isHeld }) => !isHeld);
        await bookContributions(app, tx, { pensionId: id, contributions: added, earlier, caller });
        await revalueAllDays(tx, id);
        const run = await enqueueValuation(app, tx, id, caller);
        const counts = { added: added.length, known: contributions.length - added.length, reopenedDays };
        return { run, response: { pension: id, run: run.id, ...counts } };
      },
    );
    if (started?.run.state === "queued") await app.enqueuer.dispatch([started.run]);
    return { status: started ? 202 : 200, headers: { location: `/api/v1/etf-pensions/${id}` }, json: response };
  },
});

/**
 * The contributions with new references.
 * @throws Problem 400 when a known reference has another date, amount or currency
 */
function newContributions(
  booked: readonly PensionContribution[],
  given: readonly NewContribution[],
): NewContribution[] {
  const byReference = new Map(booked.map((one) => [one.reference, one]));
  const faults = given.flatMap(({ reference, date, amount, currency }, index) => {
    const known = byReference.get(reference);
    const isSame = known?.date === date && Number(known.amount) === Number(amount) && known.currency === currency;
    if (!known || isSame) return [];
    const reason = `${reference} was booked as ${known.amount} ${known.currency} on ${known.date}: expected the same, or a new reference`;
    return [{ field: `contributions.${index}.reference`, reason }];
  });
  if (faults.length) throw badRequest(faults);
  return given.filter(({ reference }) => !byReference.has(reference));
}

/**
 * Reopens the final days that new contributions change.
 * @throws Problem 409 when there are such days and no reason is given
 */
async function reopenChangedDays(
  tx: Tx,
  added: readonly NewContribution[],
  { reason, ...reopening }: { pensionId: string; reason: string | undefined; who: string; at: Date },
): Promise<number> {
  const from = added.map(({ date }) => date).sort()[0]!;
  if (reason !== undefined) return reopenFinalDays(tx, { ...reopening, from, reason });
  const final = await finalDaysSince(tx, reopening.pensionId, from);
  if (!final) return 0;
  const detail =
    `a contribution of ${from} changes ${final.days} days that are final, ${final.first} to ${final.last}: ` +
    "send a reopenReason to value them again, or a later date";
  throw new Problem(409, "values-are-final", detail, {
    errors: [{ field: "reopenReason", reason: "is missing" }],
    extra: { finalDays: final },
  });
}
