import { z } from "zod";
import { ratesInForce } from "#data/portfolio/exchange-rates.ts";
import { listSuspectPoints } from "#data/portfolio/suspect-points.ts";
import { badRequest, notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { addDays, civilDateIn } from "#rules/civil-date.ts";
import { exchangeRate, rateRequestFaults } from "#rules/portfolio/exchange-rate.ts";
import { decimal } from "./etf-view.ts";
import { heldSchema, heldView } from "./suspects/suspect-view.ts";

const euroRate = z.object({ quote: z.string(), rate: decimal, date: z.iso.date(), source: z.string() });

export const getExchangeRates = defineRoute({
  method: "GET",
  path: "api/v1/exchange-rates",
  access: "key",
  summary:
    "Rates in force on a date (default today) from base (default EUR) to quote (default all), by way of the euro",
  query: z.strictObject({ date: z.string().optional(), base: z.string().default("EUR"), quote: z.string().optional() }),
  response: z.object({
    date: z.iso.date(),
    base: z.string(),
    rates: z.array(
      z.object({
        base: z.string(),
        quote: z.string(),
        rate: decimal,
        date: z.iso.date().describe("The day of publication; for a cross rate, the older of its two days"),
        from: z.array(euroRate).describe("The published rates that it is computed from"),
      }),
    ),
    suspects: z
      .array(heldSchema.extend({ quote: z.string() }))
      .describe("Rates of the ten days up to the date that are implausible and held back: nothing uses them"),
  }),
  async handle({ app, query }) {
    const { base, quote, date = civilDateIn("Europe/Berlin", app.clock.now()) } = query;
    const faults = rateRequestFaults({ base, quote, date });
    if (faults.length) throw badRequest(faults);

    const inForce = await ratesInForce(app.db, {
      date,
      sources: app.config.FX_PROVIDERS,
      ...(quote !== undefined && { quotes: [base, quote].filter((currency) => currency !== "EUR") }),
    });
    const quotes =
      quote === undefined ? ["EUR", ...inForce.map((rate) => rate.quote)].filter((all) => all !== base) : [quote];
    const rates = quotes.flatMap((wanted) => exchangeRate({ base, quote: wanted, date }, inForce) ?? []);
    if (rates.length === 0)
      throw notFound(`no rate from ${base} to ${quote ?? "any currency"} was published up to ${date}`);
    const recent = { kind: "rate", state: "held", from: addDays(date, -10), to: date, limit: 100 } as const;
    const held = await listSuspectPoints(app.db, recent);
    const suspects = held
      .filter(({ subject }) => quote === undefined || [base, quote].includes(subject))
      .map((point) => ({ quote: point.subject, ...heldView(point) }));
    return { json: { date, base, rates, suspects } };
  },
});
