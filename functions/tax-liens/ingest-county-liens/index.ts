import { defineJob, exponential, internet, InvalidInput, type JobContext, schedule, z } from "#jobs";
import { recordAudit } from "#data/platform/audit-log.ts";
import { discardReason } from "#data/platform/run-reason.ts";
import { activeCounties, markIngested } from "#data/tax-liens/counties.ts";
import { beginIngestion, endIngestion, failIngestions, recordReading } from "#data/tax-liens/lien-ingestions.ts";
import { mergeLiens } from "#data/tax-liens/lien-merge.ts";
import {
  abandonedStaging,
  countStaged,
  createStaging,
  dropStaging,
  type Staging,
} from "#data/tax-liens/lien-staging.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { isSuspiciouslySmall } from "#rules/tax-liens/list-size-check.ts";
import { taxLiens } from "../../families.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { configuredCounty, type ConfiguredCounty } from "./configured-county.ts";
import { tellOperators } from "./failed-ingestion.ts";
import { type StagedList, stageList } from "./stage-list.ts";

// PostgreSQL knows no year 0.
const saleDay = z.iso.date().refine((text) => text >= "1900-01-01", "expected a day from 1900-01-01 on");

const input = z
  .strictObject({
    countyId: countyIdText.optional().describe("Left out: one run for each active county"),
    from: saleDay.optional().describe("Only liens sold on this day or later"),
    to: saleDay.optional().describe("Only liens sold on this day or earlier"),
    acceptShrink: z.boolean().default(false).describe("Believe a list of less than half its last size"),
  })
  .refine(({ countyId, from, to, acceptShrink }) => countyId !== undefined || !(from ?? to ?? acceptShrink), {
    path: ["countyId"],
    message: "expected a county: dates and acceptShrink are for one county",
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ["to"],
    message: "expected a day that is not before from",
  });
type Input = z.output<typeof input>;

/**
 * Brings each county's list of tax liens in; its own schedule only makes a run for each active county, so that no county waits for
 * another's failure. A list is read into a staging table and merged in the transaction that ends the run. Twice is safe: what has not
 * changed is not touched, and what a killed attempt has staged is never merged, but dropped by the next.
 */
export const ingestCountyLiens = defineJob({
  id: "ingest_county_liens",
  family: taxLiens,
  summary: "Bring in the tax liens of each county's list",
  on: schedule("0 0 2 * * *", "America/Phoenix"),
  input,
  retry: exponential({ retries: 3, first: "1m", max: "30m" }),
  timeout: "2h",
  concurrency: ({ countyId }) => countyId ?? "",
  // A state with a hundred counties must not keep all other jobs' runs waiting.
  queue: "own",
  gates: [internet],

  async onDiscarded(tx, runs) {
    const ofCounties = runs.filter((run) => input.safeParse(run.input).data?.countyId !== undefined);
    const failed = ofCounties.map((run) => ({ id: run.id, error: discardReason(run) }));
    await failIngestions(tx, failed, runs[0]!.finishedAt!);
    await tellOperators(tx, ofCounties);
  },

  run: (context) => (context.input.countyId === undefined ? fanOut(context) : ingest(context, context.input.countyId)),
});

async function fanOut({ db, finish, enqueueAll }: JobContext<Input>) {
  const counties = await activeCounties(db);
  return finish(async (tx) => {
    const inputs = counties.map((countyId) => ({ countyId }));
    if (inputs.length) await enqueueAll(tx, "ingest_county_liens", inputs);
    return { counties: counties.length };
  });
}

async function ingest(context: JobContext<Input>, countyId: string) {
  const { db, run, clock, asOf, transaction, finish } = context;
  const county = await configuredCounty(db, countyId);
  const saleDates = saleDatesOf(context.input, county);
  const day = civilDateIn(county.timeZone, asOf);
  const staging: Staging = { runId: run.id, attempt: run.attempt };
  await dropAbandoned(context);
  const ingestionId = await transaction(async (tx) => {
    await createStaging(tx, staging);
    return beginIngestion(tx, run.id, countyId, clock.now());
  });
  try {
    const list = await stageList(context, county, staging, { day, saleDates });
    const staged = await transaction(async (tx) => {
      const rows = await countStaged(tx, staging);
      await recordReading(tx, ingestionId, { ...list, retrieved: rows + list.failed }, list.rejects);
      return rows;
    });
    const shrinks = saleDates === null && isSuspiciouslySmall(staged, county.lastRows);
    refuseUnbelievable(context.input, county, { ...list, staged, shrinks });
    const dayBefore = county.lastIngestedAt && civilDateIn(county.timeZone, county.lastIngestedAt);
    return await finish(async (tx) => {
      const now = clock.now();
      const merged = await mergeLiens(tx, staging, { countyId, now, day, dayBefore, saleDates });
      const counts = { ...merged, unchanged: staged - merged.created - merged.updated };
      if (saleDates === null) await markIngested(tx, countyId, staged, asOf);
      if (shrinks) {
        const [before, after] = [{ rows: county.lastRows }, { rows: staged }];
        const what = { action: "shrink-accepted", subject: `county:${countyId}`, before, after };
        await recordAudit(tx, { at: now, who: run.requestedBy ?? "schedule", ...what });
      }
      await endIngestion(tx, ingestionId, counts, now);
      await dropStaging(tx, staging);
      return { retrieved: staged + list.failed, ...counts, failed: list.failed, rejectBlob: list.rejectBlob };
    });
  } catch (error) {
    // Should the database be gone as well, the next ingestion drops it.
    await dropStaging(db, staging).catch(() => undefined);
    throw error;
  }
}

function saleDatesOf({ from, to }: Input, { id, source }: ConfiguredCounty) {
  if (from === undefined && to === undefined) return null;
  if (source.fields.saleDate !== undefined || source.constants.saleDate !== undefined) return { from, to };
  throw new InvalidInput([
    { field: "from", reason: `the list of ${id} has no sale dates: source.fields names no saleDate` },
  ]);
}

/** @throws UnbelievableList rather than let a broken source change a whole county */
function refuseUnbelievable(
  { acceptShrink }: Input,
  { id, lastRows }: ConfiguredCounty,
  { staged, failed, rejects, shrinks }: StagedList & { staged: number; shrinks: boolean },
): void {
  if (staged === 0 && failed > 0) {
    const { line, reasons } = rejects[0]!;
    throw new UnbelievableList(
      `the list of ${id}: every one of its ${failed} rows was refused, the first (line ${line}) because of ${reasons.join("; ")}`,
    );
  }
  if (shrinks && !acceptShrink) {
    throw new UnbelievableList(
      `the list of ${id} has ${staged} liens, less than half of the ${lastRows} before: nothing was changed. If that is right, run it with acceptShrink: true`,
    );
  }
}

class UnbelievableList extends Error {
  override name = "UnbelievableList";
  readonly errorClass = "validation";
}

async function dropAbandoned({ db, log, transaction }: JobContext<Input>): Promise<void> {
  for (const staging of await abandonedStaging(db)) {
    await transaction((tx) => dropStaging(tx, staging));
    log.info(`Dropped what an attempt of run ${staging.runId} had staged when it was cut off`);
  }
}
