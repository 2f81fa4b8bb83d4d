import { z } from "zod";
import { recordAudit } from "#data/platform/audit-log.ts";
import { findEtf, setInUse } from "#data/portfolio/etfs.ts";
import { countPensionsOn } from "#data/portfolio/pensions.ts";
import { defineRoute } from "#http/route.ts";
import { auditReason } from "../audit-reason.ts";
import { symbolText, unknownEtf } from "./etf-view.ts";

/**
 * For a fund that was closed or merged, or that no provider knows: its synchronisation would fail every evening.
 * Idempotent.
 */
export const changeEtf = defineRoute({
  method: "PATCH",
  path: "api/v1/etf/{symbol}",
  access: "key",
  summary: "Retire an ETF, so that its prices are no longer synchronised, or take it back into use; audited",
  params: z.strictObject({ symbol: symbolText }),
  body: z.strictObject({
    inUse: z.boolean().describe("false retires it; true synchronises its prices again"),
    reason: auditReason,
  }),
  response: z.object({
    symbol: z.string(),
    inUse: z.boolean(),
    pensions: z.int().describe("Pensions that hold it; while it is retired they get no new values"),
  }),
  async handle({ app, params: { symbol }, body: { inUse, reason }, caller }) {
    const pensions = await app.db.transaction(async (tx) => {
      const etf = await findEtf(tx, symbol);
      if (!etf) throw unknownEtf(symbol);
      if (await setInUse(tx, etf.id, inUse)) {
        const action = inUse ? "ETF taken back into use" : "ETF retired";
        const change = { before: { inUse: !inUse }, after: { inUse } };
        await recordAudit(tx, {
          at: app.clock.now(),
          who: caller,
          action,
          subject: `etf:${symbol}`,
          reason,
          ...change,
        });
      }
      return countPensionsOn(tx, etf.id);
    });
    return { json: { symbol, inUse, pensions } };
  },
});
