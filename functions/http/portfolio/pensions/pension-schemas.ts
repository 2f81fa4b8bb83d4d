import { z } from "zod";

/** `contributionFaults` checks each contribution and names its field. */
export const contributionsSchema = z
  .array(
    z.strictObject({
      reference: z.string().min(1).max(200),
      date: z.string(),
      amount: z.string({ error: 'expected an amount as text, such as "250.00": a JSON number is not exact' }),
      currency: z.string(),
    }),
  )
  .max(1_000);

const decimal = z.string().describe("exact decimal");
const pendingReason = z
  .enum(["price", "suspect", "rate", "contribution", "adjusted", "reopened"])
  .describe(
    "price: no close yet; suspect: its close is implausible and held back; rate: no exchange rate of that day yet; contribution: a contribution has not bought units yet; " +
      "adjusted: the ETF's prices are adjusted for dividends; reopened: the day is valued again",
  );

/** The value of a pension on one trading day. */
export const dayValueSchema = z.object({
  date: z.string(),
  units: decimal.nullable(),
  price: decimal.nullable(),
  fxRate: decimal.nullable(),
  value: decimal.nullable(),
  state: z.enum(["final", "pending"]),
  reason: pendingReason.nullable(),
});

/** A final value that was replaced. */
export const replacedValueSchema = z.object({
  date: z.string(),
  units: decimal,
  price: decimal,
  fxRate: decimal,
  value: decimal,
  reason: z.string(),
  changedAt: z.iso.datetime(),
});

/** One line of a list of pensions. */
export const pensionSummarySchema = z.object({
  id: z.uuid(),
  name: z.string(),
  currency: z.string(),
  state: z.enum(["pending", "ready"]),
  etf: z.object({
    symbol: z.string(),
    currency: z.string().nullable(),
    state: z.enum(["new", "ready", "failed"]),
    series: z.enum(["raw", "adjusted"]).nullable(),
  }),
  latest: z.object({ date: z.string(), units: decimal, value: decimal }).nullable(),
  pendingDays: z.int(),
});

/** A pension with its contributions and pending days. */
export const pensionSchema = pensionSummarySchema.extend({
  pending: z.array(
    z.object({ reason: pendingReason, days: z.int(), first: z.string(), last: z.string(), meaning: z.string() }),
  ),
  contributions: z.array(
    z.object({
      reference: z.string(),
      date: z.string(),
      amount: decimal,
      currency: z.string(),
      boughtOn: z.string().nullable(),
      price: decimal.nullable(),
      fxRate: decimal.nullable(),
      units: decimal.nullable(),
      isHeld: z.boolean().describe("Its amount is implausible: it buys nothing until a person decides"),
    }),
  ),
});

/** The response of a change. */
export const changedPensionSchema = z.object({ pension: z.uuid(), run: z.uuid() });
