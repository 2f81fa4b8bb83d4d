import { z } from "zod";
import type { Executor } from "#data/client.ts";
import { findEtf } from "#data/portfolio/etfs.ts";
import { defineRoute } from "#http/route.ts";
import { refreshEtf } from "../../portfolio/refresh-etf.ts";
import { syncEtfPrices } from "../../portfolio/sync-etf-prices.ts";
import { startedRunSchema } from "../started-run.ts";
import { symbolText, unknownEtf } from "./etf-view.ts";
import { startSync } from "./start-sync.ts";

export const updateEtf = defineRoute({
  method: "POST",
  path: "api/v1/etf/{symbol}/update",
  access: "key",
  idempotent: true,
  summary: "Fetch an ETF's newest prices (prices_only), or all prices again with corrections (full)",
  params: z.strictObject({ symbol: symbolText }),
  query: z.strictObject({ update_type: z.enum(["prices_only", "full"]).default("prices_only") }),
  response: startedRunSchema,
  async handle({ app, params: { symbol }, query, caller, header }) {
    const job = query.update_type === "full" ? refreshEtf : syncEtfPrices;
    const check = async (db: Executor) => {
      if (!(await findEtf(db, symbol))) throw unknownEtf(symbol);
    };
    return startSync(app, { job, input: { symbol }, check, caller, header });
  },
});
