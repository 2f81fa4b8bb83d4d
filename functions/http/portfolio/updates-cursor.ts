import { z } from "zod";
import type { UpdateCursor } from "#data/portfolio/update-tracking.ts";
import { instantField } from "#rules/input-fields.ts";

/** The tables of updates, in the order of those that were requested at the same instant. */
export const UPDATE_TABLES = ["etf_prices", "exchange_rates"] as const;
type UpdateTable = (typeof UPDATE_TABLES)[number];

/** The sort key of an update among those of all tables: newest first, then by table, then by id. */
export interface UpdateKey {
  readonly of: UpdateTable;
  readonly requestedAt: Date;
  readonly id: number;
}

const EXPECTED = "expected the `nextCursor` of an answer";

/** A cursor as text: `2026-03-10T12:00:00.000Z_etf_prices_7`. */
export const updatesCursor = z.string().transform((text, context): UpdateKey => {
  const [, at = "", of = "", id = ""] = /^([^_]+)_(etf_prices|exchange_rates)_([1-9]\d{0,14})$/.exec(text) ?? [];
  const requestedAt = instantField.safeParse(at);
  if (requestedAt.success) return { requestedAt: requestedAt.data, of: of as UpdateTable, id: Number(id) };
  context.addIssue({ code: "custom", message: EXPECTED });
  return z.NEVER;
});

export function cursorText({ requestedAt, of, id }: UpdateKey): string {
  return `${requestedAt.toISOString()}_${of}_${id}`;
}

/** Where the page starts in one of the tables. */
export function startIn(table: UpdateTable, cursor: UpdateKey | undefined): UpdateCursor | undefined {
  if (!cursor) return undefined;
  const { requestedAt, of, id } = cursor;
  if (table === of) return { requestedAt, id };
  // A table that comes later still has all its rows of the instant; one that comes earlier has none left.
  return { requestedAt, id: UPDATE_TABLES.indexOf(table) > UPDATE_TABLES.indexOf(of) ? Infinity : 0 };
}

/** Newest first. */
export function compareUpdates(one: UpdateKey, other: UpdateKey): number {
  return (
    other.requestedAt.getTime() - one.requestedAt.getTime() ||
    UPDATE_TABLES.indexOf(one.of) - UPDATE_TABLES.indexOf(other.of) ||
    other.id - one.id
  );
}
