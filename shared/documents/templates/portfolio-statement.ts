import { z } from "zod";
import { counted } from "#text/counted.ts";
import type { Block } from "../document-model.ts";
import { defineTemplate } from "../template.ts";
import { date, day, dollars, money, words } from "../template-fields.ts";

const context = z.strictObject({
  asOf: date,
  portfolio: words.min(1),
  nav: money,
  book: money,
  accrued: money,
  writeDowns: money,
  holdings: z
    .array(
      z.strictObject({
        certificate: words.min(1),
        county: words.min(1),
        purchasedOn: date.nullable(),
        book: money,
        accrued: money,
        writeDown: money,
      }),
    )
    .max(10_000),
  /** Holdings without a recent valuation of their property: the net asset value is partial then. */
  unvalued: z.array(words.min(1)).max(10_000).default([]),
  /** Holdings past their last day to redeem. */
  lapsed: z.array(words.min(1)).max(10_000).default([]),
  history: z
    .array(z.strictObject({ date, nav: money }))
    .max(36)
    .default([]),
});
type Context = z.output<typeof context>;
export type StatementFacts = z.input<typeof context>;

/** The value of a portfolio on a day, and its holdings, for its owner. */
export const portfolioStatement = defineTemplate({
  context,
  passages: {
    summary: {
      ask: "Two or three sentences for the owner: what the portfolio is worth, what that consists of, what to know about it.",
      written: summary,
    },
  },
  heading: ({ portfolio, asOf }) => ({
    title: `Statement: ${portfolio}`,
    subtitle: `Net asset value as of ${day(asOf)}`,
  }),
  blocks: ({ nav, book, accrued, writeDowns, holdings, unvalued, lapsed, history }, words) => [
    ...(lapsed.length
      ? [{ kind: "paragraph", tone: "warning", text: `Past the last day to redeem: ${lapsed.join(", ")}.` } as const]
      : []),
    {
      kind: "figures",
      figures: [
        { label: "Net asset value", value: dollars(nav), note: unvalued.length ? "partial, see below" : undefined },
        { label: "Book value", value: dollars(book) },
        { label: "Accrued interest", value: dollars(accrued) },
        { label: "Write-downs", value: dollars(writeDowns) },
      ],
    },
    { kind: "heading", text: "Summary" },
    { kind: "paragraph", text: words.summary },
    ...(unvalued.length
      ? [{ kind: "paragraph", tone: "note", text: `Without a recent valuation: ${unvalued.join(", ")}.` } as const]
      : []),
    ...(history.length
      ? [
          {
            kind: "chart",
            title: "Net asset value",
            bars: history.map((point) => ({
              label: day(point.date),
              value: Number(point.nav),
              shown: dollars(point.nav),
            })),
          } as const,
        ]
      : []),
    { kind: "heading", text: "Holdings" },
    ...(holdings.length ? [holdingsTable({ holdings, book, accrued, writeDowns })] : [NO_HOLDINGS]),
  ],
});

const NO_HOLDINGS: Block = { kind: "paragraph", text: "There are none." };

function holdingsTable({
  holdings,
  book,
  accrued,
  writeDowns,
}: Pick<Context, "holdings" | "book" | "accrued" | "writeDowns">): Block {
  return {
    kind: "table",
    columns: [
      { title: "Certificate or parcel", align: "left", share: 1.4 },
      { title: "County", align: "left", share: 1.25 },
      // Wide enough for "September 30, 2026" and for millions on one line.
      { title: "Purchased", align: "left", share: 1.6 },
      { title: "Book value", align: "right", share: 1.35 },
      { title: "Accrued", align: "right", share: 1.1 },
      { title: "Write-down", align: "right", share: 1.1 },
    ],
    rows: holdings.map((one) => [
      ...[one.certificate, one.county, day(one.purchasedOn)],
      ...[dollars(one.book), dollars(one.accrued), dollars(one.writeDown)],
    ]),
    total: ["Total", "", "", dollars(book), dollars(accrued), dollars(writeDowns)],
  };
}

function summary({ asOf, nav, holdings, accrued }: Context): string {
  const count = counted(holdings.length, "certificate");
  return `On ${day(asOf)} the portfolio holds ${count} and is worth ${dollars(nav)}, of which ${dollars(accrued)} is interest that has accrued.`;
}
