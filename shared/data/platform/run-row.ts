import { getTableColumns } from "drizzle-orm";
import { jobRuns, type Run } from "./platform-schema.ts";

export type RawRun = Record<string, unknown>;

const COLUMNS = Object.entries(getTableColumns(jobRuns));

/** Maps a row of hand-written SQL to the type of the schema. */
export function runOf(raw: RawRun): Run {
  const run: Record<string, unknown> = {};
  for (const [key, column] of COLUMNS) {
    const value = raw[column.name] ?? null;
    run[key] = value === null ? null : column.mapFromDriverValue(value);
  }
  return run as Run;
}
