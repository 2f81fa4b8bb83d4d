import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { lockPension, revalueAllDays } from "#data/portfolio/pension-progress.ts";
import {
  finalDaysSince,
  insertContributions,
  listContributions,
  type NewContribution,
} from "#data/portfolio/pensions.ts";
import { badRequest, notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { contributionFaults } from "#rules/portfolio/contribution-faults.ts";
import { respondOnce } from "../../idempotent-requests.ts";
import { enqueueValuation } from "./enqueue-valuation.ts";
import { inList } from "./create-pension.ts";
import { reopen } from "./reopen-final-days.ts";
import { changed, givenContributions } from "./pension-schemas.ts";

/**
 * A contribution that was booked before is known by its reference and counted once. One that is dated before days which are
 * final changes what they were worth: it needs a reason, with which those days are reopened and the audit says so.
 */
export const addContributions = defineRoute({
  method: "POST",
  path: "api/v1/etf-pensions/{id}/contributions",
  access: "key",
  idempotent: true,
  summary: "Add contributions to a pension; those that reach back before final values need a reopenReason",
  params: z.object({ id: z.uuid() }),
  body: z.strictObject({
    contributions: givenContributions.min(1),
    reopenReason: z.string().trim().min(1).max(1_000).optional(),
  }),
  response: changed.extend({ added: z.int(), known: z.int(), reopenedDays: z.int() }),
  async handle({ app, params: { id }, body, caller, header }) {
    const { contributions, reopenReason } = body;
    const now = app.clock.now();
    const faults = contributionFaults(contributions, civilDateIn("Europe/Berlin", now));
    if (faults.length) throw badRequest(faults.map(inList));

    const { answer, started } = await respondOnce(app, { header, asked: { addContributions: id, body } }, async (tx) => {
      if (!(await lockPension(tx, id))) throw notFound(`there is no pension ${id}`);
      const added = await unknownOf(tx, id, contributions);
      const reopening = { pensionId: id, reason: reopenReason, who: caller, at: now };
      const reopenedDays = added.length ? await makeRoom(tx, added, reopening) : 0;
      await insertContributions(tx, id, added);
      await revalueAllDays(tx, id);
      const run = await enqueueValuation(app, tx, id, caller);
      const counts = { added: added.length, known: contributions.length - added.length, reopenedDays };
      return { run, answer: { pension: id, run: run.id, ...counts } };
    });
    if (started?.run.state === "queued") await app.enqueuer.dispatch([started.run]);
    return { status: started ? 202 : 200, headers: { location: `/api/v1/etf-pensions/${id}` }, json: answer };
  },
});

/** Those whose reference is new. @throws Problem when a reference stands for other money */
async function unknownOf(tx: Tx, id: string, given: readonly NewContribution[]): Promise<NewContribution[]> {
  const booked = new Map((await listContributions(tx, id)).map((one) => [one.reference, one]));
  const faults = given.flatMap(({ reference, date, amount, currency }, place) => {
    const known = booked.get(reference);
    const isSame = known?.date === date && Number(known.amount) === Number(amount) && known.currency === currency;
    if (!known || isSame) return [];
    const reason = `${reference} was booked as ${known.amount} ${known.currency} on ${known.date}: expected the same, or a reference of its own`;
    return [{ field: `contributions.${place}.reference`, reason }];
  });
  if (faults.length) throw badRequest(faults);
  return given.filter(({ reference }) => !booked.has(reference));
}

/** Reopens the final days that new money changes. @throws Problem 409 when there are such days and no reason was given */
async function makeRoom(
  tx: Tx,
  added: readonly NewContribution[],
  { reason, ...reopening }: { pensionId: string; reason: string | undefined; who: string; at: Date },
): Promise<number> {
  const from = added.map(({ date }) => date).sort()[0]!;
  if (reason !== undefined) return reopen(tx, { ...reopening, from, reason });
  const final = await finalDaysSince(tx, reopening.pensionId, from);
  if (!final) return 0;
  const detail =
    `a contribution of ${from} changes ${final.days} days that are final, ${final.first} to ${final.last}: ` +
    "send a reopenReason to have them valued again, or a later date";
  throw new Problem(409, "values-are-final", detail, {
    errors: [{ field: "reopenReason", reason: "is missing" }],
    extra: { finalDays: final },
  });
}
