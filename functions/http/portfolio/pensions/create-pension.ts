import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import type { Tx } from "#data/client.ts";
import type { Etf } from "#data/portfolio/etf-schema.ts";
import { findEtf, setInUse } from "#data/portfolio/etfs.ts";
import { insertContributions, insertPension } from "#data/portfolio/pensions.ts";
import { badRequest, type FieldFault } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { contributionFaults, currencyFault } from "#rules/portfolio/contribution-faults.ts";
import { respondOnce } from "../../idempotent-requests.ts";
import { enqueueValuation } from "./enqueue-valuation.ts";
import { changed, givenContributions } from "./pension-schemas.ts";

export const createPension = defineRoute({
  method: "POST",
  path: "api/v1/etf-pensions",
  access: "key",
  idempotent: true,
  summary: "Create a pension on an ETF that was added, with its contributions; its values are worked out at once",
  body: z.strictObject({
    etf: z.string(),
    name: z.string().min(1).max(200),
    currency: z.string(),
    contributions: givenContributions.default([]),
  }),
  response: changed,
  async handle({ app, body, caller, header }) {
    const { name, currency, contributions } = body;
    const now = app.clock.now();
    const wrong = currencyFault(currency);
    const faults = [
      ...(wrong ? [{ field: "currency", reason: wrong }] : []),
      ...contributionFaults(contributions, civilDateIn("Europe/Berlin", now)).map(inList),
    ];
    if (faults.length) throw badRequest(faults);

    const { answer, started } = await respondOnce(
      app,
      { header, asked: { create: "etf-pension", body } },
      async (tx) => {
        const etf = await etfFor(tx, body.etf);
        const id = uuidv7();
        await insertPension(tx, { id, etfId: etf.id, name, currency, createdAt: now });
        await insertContributions(tx, id, contributions);
        await setInUse(tx, etf.id, true);
        const run = await enqueueValuation(app, tx, id, caller);
        return { run, answer: { pension: id, run: run.id } };
      },
    );
    if (started?.run.state === "queued") await app.enqueuer.dispatch([started.run]);
    const headers = { location: `/api/v1/etf-pensions/${String(answer.pension)}` };
    return { status: started ? 201 : 200, headers, json: answer };
  },
});

/** The name that the caller knows the field by. */
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
      `the stored prices of ${got} are adjusted for dividends, so they are not what was paid and cannot value a pension: ` +
      "fetch them from a source of raw prices first";
    throw badRequest([{ field: "etf", reason }]);
  }
  return etf;
}
