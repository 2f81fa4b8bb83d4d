import type { Executor } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { discardReason } from "#data/platform/run-reason.ts";
import { activeCounties, countiesWithUrl, lockCounty, markIngested } from "#data/tax-liens/counties.ts";
import { countyBefore } from "#data/tax-liens/earlier-values.ts";
import { beginIngestion, endIngestion, failIngestions, recordReading } from "#data/tax-liens/lien-ingestions.ts";
import { mergeLiens } from "#data/tax-liens/lien-merge.ts";
import {
  abandonedStaging,
  countStaged,
  createStaging,
  dropStaging,
  type Staging,
} from "#data/tax-liens/lien-staging.ts";
import { defineJob, exponential, internetFor, InvalidInput, type JobContext, schedule, writes, z } from "#jobs";
import type { ListFindings } from "#providers/county-lists/open-county-list.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { civilDateField } from "#rules/input-fields.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { isSuspiciouslySmall } from "#rules/tax-liens/list-size-check.ts";
import { taxLiens } from "../../families.ts";
import { type ConfiguredCounty, configuredCounty } from "./configured-county.ts";
import { notifyOperators } from "./failed-ingestion.ts";
import { type StagedList, stageList } from "./stage-list.ts";

const saleDay = civilDateField.refine((text) => text >= "1900-01-01", "expected a day from 1900-01-01 on");

const input = z
  .strictObject({
    countyId: countyIdText.optional().describe("Absent: one run for each active county"),
    from: saleDay.optional().describe("Only liens sold on this day or later"),
    to: saleDay.optional().describe("Only liens sold on this day or earlier"),
    acceptShrink: z.boolean().default(false).describe("Accept a list of less than half its last size"),
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
 * Ingests each county's list of tax liens. The schedule only enqueues a run for each active county, so that counties
 * fail alone. A run reads the list into a staging table and merges it in the transaction that ends the run. Running
 * twice is safe: unchanged liens stay as they are, and the next run drops the staging table of a killed attempt.
 */
export const ingestCountyLiens = defineJob({
  id: "ingest_county_liens",
  family: taxLiens,
  summary: "Ingest the tax liens of each county's list",
  on: schedule("0 0 2 * * *", "America/Phoenix"),
  input,
  async checkInput(given, { db }) {
    if (given.countyId !== undefined) saleDatesOf(given, await configuredCounty(db, given.countyId));
  },
  retry: exponential({ retries: 3, first: "1m", max: "30m" }),
  timeout: "2h",
  concurrency: ({ countyId }) => countyId ?? "",
  // The many runs of a state's counties must not delay the runs of other jobs.
  queue: "own",
  gates: [writes, internetFor(needInternet)],
  // Then the run of the next night has taken its place.
  maxLateness: "24h",

  async onDiscarded(tx, runs) {
    const ofCounties = runs.filter((run) => input.safeParse(run.input).data?.countyId !== undefined);
    const failed = ofCounties.map((run) => ({ id: run.id, error: discardReason(run) }));
    await failIngestions(tx, failed, runs[0]!.finishedAt!);
    await notifyOperators(tx, ofCounties);
  },

  run: (context) => (context.input.countyId === undefined ? fanOut(context) : ingest(context, context.input.countyId)),
});

/** The fan-out and counties whose list lies in a blob need no internet. */
async function needInternet(db: Executor, inputs: readonly Input[]): Promise<boolean[]> {
  const withUrl = await countiesWithUrl(
    db,
    inputs.flatMap(({ countyId }) => countyId ?? []),
  );
  return inputs.map(({ countyId }) => countyId !== undefined && withUrl.has(countyId));
}

async function fanOut({ db, finish, enqueueAll }: JobContext<Input>) {
  const counties = await activeCounties(db);
  return finish(async (tx) => {
    const inputs = counties.map((countyId) => ({ countyId }));
    if (inputs.length) await enqueueAll(tx, "ingest_county_liens", inputs);
    return { counties: counties.length };
  });
}

async function ingest(context: JobContext<Input>, countyId: string) {
  const { db, run, clock, asOf, transaction, finish, log } = context;
  const county = await configuredCounty(db, countyId);
  const saleDates = saleDatesOf(context.input, county);
  const day = civilDateIn(county.timeZone, asOf);
  const staging: Staging = { runId: run.id, attempt: run.attempt };
  await dropAbandonedStaging(context);
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
    if (list.doubt !== null) log.warn("No lien is delisted: the list may not be whole", { reason: list.doubt });
    const shrinks = saleDates === null && isSuspiciouslySmall(staged, county.lastRows);
    refuseImplausible(context.input, county, { ...list, staged, shrinks });
    const dayBefore = county.lastIngestedAt && civilDateIn(county.timeZone, county.lastIngestedAt);
    return await finish(async (tx) => {
      const now = clock.now();
      const locked = await lockCounty(tx, countyId);
      if (!locked) throw new InvalidInput([{ field: "countyId", reason: `the county ${countyId} was deleted` }]);
      const earlier = await countyBefore(tx, locked);
      const merged = await mergeLiens(tx, staging, {
        ingestionId,
        countyId,
        now,
        day,
        dayBefore,
        saleDates,
        isWhole: list.doubt === null,
        isDamaged: list.isDamaged,
      });
      const counts = { ...merged, unchanged: staged - merged.created - merged.updated };
      if (saleDates === null) await markIngested(tx, countyId, staged, asOf);
      if (shrinks) {
        const [before, after] = [{ rows: county.lastRows }, { rows: staged }];
        const what = { action: "shrink-accepted", subject: `county:${countyId}`, before, after };
        await recordAudit(tx, { at: now, who: run.requestedBy ?? "schedule", ...what });
      }
      await endIngestion(tx, ingestionId, { ...counts, before: earlier }, now);
      await dropStaging(tx, staging);
      const { failed, rejectBlob, doubt } = list;
      return {
        retrieved: staged + failed,
        ...counts,
        failed,
        rejectBlob,
        ...summaryOf(list.findings),
        ...(doubt !== null && { noneDelistedBecause: doubt }),
      };
    });
  } catch (error) {
    // When the database is unreachable as well, the next ingestion drops it.
    await dropStaging(db, staging).catch(() => undefined);
    throw error;
  }
}

/** What a person should know of the list's rows, in the result of the run. */
function summaryOf({ faults, warnings, otherRows }: ListFindings) {
  return {
    ...(otherRows > 0 && { otherRows }),
    ...(faults.length > 0 && { faults }),
    ...(warnings.length > 0 && { warnings }),
  };
}

function saleDatesOf({ from, to }: Input, { id, source }: ConfiguredCounty) {
  if (from === undefined && to === undefined) return null;
  if (source.fields.saleDate !== undefined || source.constants.saleDate !== undefined) return { from, to };
  throw new InvalidInput([
    { field: "from", reason: `the list of ${id} has no sale dates: source.fields names no saleDate` },
  ]);
}

/** @throws ImplausibleList when the list would damage the whole county: its source is probably broken */
function refuseImplausible(
  { acceptShrink }: Input,
  { id, lastRows }: ConfiguredCounty,
  { staged, failed, rejects, shrinks, findings }: StagedList & { staged: number; shrinks: boolean },
): void {
  if (staged === 0 && failed === 0 && findings.otherRows > 0) {
    throw new ImplausibleList(
      `the list of ${id}: source.where leaves out all of its ${findings.otherRows} rows: nothing was changed`,
    );
  }
  if (staged === 0 && failed > 0) {
    const { line, reasons } = rejects[0]!;
    throw new ImplausibleList(
      `the list of ${id}: all of its ${failed} rows were refused, the first (line ${line}) for: ${reasons.join("; ")}`,
    );
  }
  if (shrinks && !acceptShrink) {
    throw new ImplausibleList(
      `the list of ${id} has ${staged} liens, less than half of the ${lastRows} before: nothing was changed. If the list is right, run the job with acceptShrink: true`,
    );
  }
}

class ImplausibleList extends Error {
  override name = "ImplausibleList";
  readonly errorClass = "validation";
}

async function dropAbandonedStaging({ db, log, transaction }: JobContext<Input>): Promise<void> {
  for (const staging of await abandonedStaging(db)) {
    await transaction((tx) => dropStaging(tx, staging));
    log.info(`Dropped the staging table of an interrupted attempt of run ${staging.runId}`);
  }
}
