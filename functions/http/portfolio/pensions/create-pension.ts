import { z } from "zod";
import type { Tx } from "#data/client.ts";
import type { Etf } from "#data/portfolio/etf-schema.ts";
import { findEtf, setInUse } from "#data/portfolio/etfs.ts";
import { insertPension } from "#data/portfolio/pensions.ts";
import { rowId } from "#data/row-ids.ts";
import { badRequest, type FieldFault } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { type CivilDate, civilDateIn } from "#rules/civil-date.ts";
import { contributionFaults, currencyFault, type GivenContribution } from "#rules/portfolio/contribution-faults.ts";
import { respondOnce } from "../../idempotent-requests.ts";
import { bookContributions } from "./book-contributions.ts";
import { enqueueValuation } from "./enqueue-valuation.ts";
import { changedPensionSchema, contributionsSchema } from "./pension-schemas.ts";

export const createPension = defineRoute({
  method: "POST",
  path: "api/v1/etf-pensions",
  access: "key",
  idempotent: true,
  summary: "Create a pension on a known ETF, with its contributions, and compute its values",
  body: z.strictObject({
    etf: z.string(),
    name: z.string().min(1).max(200),
    currency: z.string(),
    contributions: contributionsSchema.default([]),
  }),
  response: changedPensionSchema,
  async handle({ app, body, caller, header }) {
    const { name, currency, contributions } = body;
    const { response, started } = await respondOnce(
      app,
      { header, payload: { create: "etf-pension", body } },
      async (tx) => {
        const now = app.clock.now();
        checkAmounts(body, civilDateIn("Europe/Berlin", now));
        const etf = await etfFor(tx, body.etf);
        const id = rowId(now);
        await insertPension(tx, { id, etfId: etf.id, name, currency, createdAt: now });
        await bookContributions(app, tx, { pensionId: id, contributions, earlier: [], caller });
        await setInUse(tx, etf.id, true);
        const run = await enqueueValuation(app, tx, id, caller);
        return { run, response: { pension: id, run: run.id } };
      },
    );
    if (started?.run.state === "queued") await app.enqueuer.dispatch([started.run]);
    const headers = { location: `/api/v1/etf-pensions/${String(response.pension)}` };
    return { status: started ? 201 : 200, headers, json: response };
  },
});

/** @throws Problem 400 naming an unknown currency and each invalid contribution */
function checkAmounts(
  { currency, contributions }: { currency: string; contributions: readonly GivenContribution[] },
  today: CivilDate,
): void {
  const wrongCurrency = currencyFault(currency);
  const faults = [
    ...(wrongCurrency ? [{ field: "currency", reason: wrongCurrency }] : []),
    ...contributionFaults(contributions, today).map(inList),
  ];
  if (faults.length) throw badRequest(faults);
}

/** The field with its path in the request. */
export function inList({ field, reason }: FieldFault): FieldFault {
  return { field: `contributions.${field}`, reason };
}

async function etfFor(tx: Tx, given: string): Promise<Etf> {
  const symbol = given.trim().toUpperCase();
  const etf = await findEtf(tx, symbol);
  const got = JSON.stringify(given.slice(0, 40));
  if (!etf) {
    throw badRequest([{ field: "etf", reason: `there is no ETF ${got}: add it first, with POST api/v1/etf` }]);
  }
  if (etf.series === "adjusted") {
    const reason =
      `the stored prices of ${got} are adjusted for dividends, so they differ from the prices paid and cannot value a pension: ` +
      "fetch them from a source of raw prices first";
    throw badRequest([{ field: "etf", reason }]);
  }
  return etf;
}
