import { sql } from "drizzle-orm";
import { bigint, check, date, index, jsonb, numeric, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { etfs, type SeriesKind } from "./etf-schema.ts";
import { etfPensionContributions } from "./pension-schema.ts";
import { portfolio } from "./portfolio-schema.ts";

/** What a suspect point is: the close of an ETF, the rate of a currency, or the amount of a contribution. */
export const SUSPECT_KINDS = ["price", "rate", "contribution"] as const;
export type SuspectKind = (typeof SUSPECT_KINDS)[number];
/** A trading day as a source sent it, in the ETF's currency. */
export type StoredBar = Readonly<
  Record<"date" | "close", string> & Record<"open" | "high" | "low" | "adjustedClose" | "volume", string | null>
>;
/** `held` until another answer or a person decides; then `accepted` or `rejected`. */
export type SuspectState = "held" | "accepted" | "rejected";

/**
 * Values from outside that are well formed and implausible. A held price or rate is stored here only, so that no reader
 * of prices and rates can use it.
 * Retention: kept, as it explains final values and keeps a rejected value from coming back.
 */
export const suspectPoints = portfolio.table(
  "suspect_points",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    kind: text().$type<SuspectKind>().notNull(),
    /** The symbol of the ETF, the currency, or the id of the pension. */
    subject: text().notNull(),
    etfId: bigint("etf_id", { mode: "number" }).references(() => etfs.id, { onDelete: "cascade" }),
    /** Null when the contribution was rejected, which deletes it. */
    contributionId: bigint("contribution_id", { mode: "number" }).references(() => etfPensionContributions.id, {
      onDelete: "set null",
    }),
    date: date({ mode: "string" }).notNull(),
    /** The close, the rate or the amount. */
    value: numeric().notNull(),
    /** What it was compared with; null without. */
    expected: numeric(),
    /** The whole trading day of a price, which is stored when it is accepted. */
    point: jsonb().$type<StoredBar>(),
    series: text().$type<SeriesKind>(),
    source: text().notNull(),
    /** The name of the rule: see shared/rules/portfolio/plausibility.ts. */
    rule: text().notNull(),
    /** A sentence for people. */
    reason: text().notNull(),
    state: text().$type<SuspectState>().notNull().default("held"),
    foundAt: timestamp("found_at", { withTimezone: true, precision: 3 }).notNull(),
    runId: uuid("run_id"),
    /** Why it was accepted or rejected, and by whom: a person, or `rota` for a later answer. */
    resolution: text(),
    resolvedBy: text("resolved_by"),
    resolvedAt: timestamp("resolved_at", { withTimezone: true, precision: 3 }),
  },
  (point) => [
    uniqueIndex("suspect_points_held")
      .on(point.kind, point.subject, point.date, point.source)
      .where(sql`state = 'held'`),
    index("suspect_points_by_state").on(point.state, point.id),
    index("suspect_points_of_etf").on(point.etfId, point.date),
    index("suspect_points_of_subject").on(point.kind, point.subject, point.date),
    index("suspect_points_of_contribution").on(point.contributionId),
    check("suspect_points_kind", sql`kind in ('price', 'rate', 'contribution')`),
    check("suspect_points_state", sql`state in ('held', 'accepted', 'rejected')`),
    check("suspect_points_price_complete", sql`kind <> 'price' or num_nulls(etf_id, point, series) = 0`),
    check(
      "suspect_points_resolved",
      sql`(state = 'held') = (resolved_at is null) and num_nulls(resolution, resolved_by, resolved_at) in (0, 3)`,
    ),
  ],
);

export type SuspectPoint = typeof suspectPoints.$inferSelect;
