import { SAMPLE_ETFS } from "../../providers/sample-prices.ts";
import type { DemoData } from "./demo-data.ts";

/** The sample ETFs, in use for the nightly synchronisation; their prices are fetched immediately. */
export const etfsDemo: DemoData = {
  family: "ETF prices",
  async load(api) {
    const { etfs } = await api.get<{ etfs: { symbol: string }[] }>("api/v1/etf");
    const known = new Set(etfs.map(({ symbol }) => symbol));
    for (const { symbol } of SAMPLE_ETFS.filter((etf) => !known.has(etf.symbol))) {
      await api.post("api/v1/etf", { symbol, inUse: true }, `demo-etf-${symbol}`);
    }
    return `${SAMPLE_ETFS.length} ETFs with prices since 2015`;
  },
};
