import { z } from "zod";
import { addEtf as insertEtf, deleteEtf } from "#data/portfolio/etfs.ts";
import { Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { isIsin } from "#rules/portfolio/etf-symbol.ts";
import { fetchEtf } from "../../portfolio/fetch-etf.ts";
import { startRunOnce } from "../idempotent-requests.ts";
import { startedRunReply, startedRunSchema } from "../started-run.ts";
import { symbolText } from "./etf-view.ts";

export const addEtf = defineRoute({
  method: "POST",
  path: "api/v1/etf",
  access: "key",
  idempotent: true,
  summary: "Add an ETF and fetch its full price history",
  body: z.strictObject({
    symbol: symbolText,
    isin: z.string().trim().toUpperCase().refine(isIsin, "expected an ISIN with a valid check digit").optional(),
    name: z.string().trim().min(1).max(200).optional(),
    inUse: z.boolean().default(false).describe("Whether its prices are kept up to date from now on"),
  }),
  response: startedRunSchema,
  async handle({ app, body, caller, header }) {
    const { symbol } = body;
    const request = { input: { symbol }, trigger: "event", requestedBy: caller } as const;
    const outcome = await startRunOnce(app, { header, payload: { addEtf: body } }, async (tx) => {
      const etf = await insertEtf(tx, body, app.clock.now());
      if (!etf) {
        const how = `fetch it again with POST /api/v1/etf/${symbol}/update?update_type=full`;
        throw new Problem(409, "etf-exists", `${symbol} was added before; ${how}`);
      }
      const run = await app.enqueuer.enqueueIn(tx, fetchEtf, request);
      // A refused run leaves no ETF behind, since no run would fetch it.
      if (run.state === "skipped") await deleteEtf(tx, etf.id);
      return run;
    });
    return startedRunReply(outcome);
  },
});
