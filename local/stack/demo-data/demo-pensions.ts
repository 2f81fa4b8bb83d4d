import type { DemoApi, DemoData } from "./demo-data.ts";

const MONTHS = 18;

/**
 * A pension in euros with monthly contributions to the sample ETF that is quoted in pence, and the rates for its days.
 */
export const pensionsDemo: DemoData = {
  family: "pensions",
  async load(api) {
    const dates = firstDays(api.now, MONTHS);
    const historical = `api/v1/exchange-rates/update/historical?start_date=${daysBefore(dates[0]!, 7)}`;
    await api.post(historical, {}, "demo:rates-of-pensions");
    const { pension } = await create(api, dates);
    return `a pension with ${dates.length} contributions; its values: api/v1/etf-pensions/${pension}/values`;
  },
};

async function create(api: DemoApi, dates: readonly string[]): Promise<{ pension: string }> {
  const contributions = dates.map((date) => ({ reference: date.slice(0, 7), date, amount: "250.00", currency: "EUR" }));
  const body = { etf: "SMPK.L", name: "Sample pension", currency: "EUR", contributions };
  return api.post("api/v1/etf-pensions", body, "demo:pension");
}

/** The first days of the last months, including the current month. */
function firstDays(now: Date, months: number): string[] {
  return Array.from({ length: months }, (_, back) => {
    const day = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - (months - 1 - back), 1));
    return day.toISOString().slice(0, 10);
  });
}

function daysBefore(date: string, days: number): string {
  return new Date(Date.parse(date) - days * 86_400_000).toISOString().slice(0, 10);
}
