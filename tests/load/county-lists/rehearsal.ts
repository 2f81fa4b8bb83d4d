import { performance } from "node:perf_hooks";
import { sql } from "drizzle-orm";
import { findCounty } from "#data/tax-liens/counties.ts";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { undoLienIngestion } from "#functions/tax-liens/undo-lien-ingestion/index.ts";
import type { Job } from "#jobs/job.ts";
import { countySourceSchema } from "#providers/county-lists/county-source.ts";
import { listRulesOf } from "#rules/tax-liens/list-rules.ts";
import { type ListPreview, previewList } from "#services/tax-liens/preview-list.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { aCounty, type ListServer, startListServer } from "../../functions/tax-liens/fake-county-lists.ts";

/** A list and the configuration of its county. */
export interface RehearsedList {
  /** The id of its county. */
  readonly county: string;
  readonly type: "text/csv" | "application/json";
  readonly body: Buffer;
  readonly source: Record<string, unknown>;
  readonly ruleSet: string;
  /** The list that follows. Default: this one with other amounts and without some rows. */
  readonly next: Buffer | undefined;
}

interface Ingested {
  readonly id: number;
  readonly state: string;
  readonly seconds: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly notListed: number;
  readonly doubt: string | null;
}

/** What a list does on each of its ways. */
export interface Rehearsed {
  readonly preview: ListPreview & { readonly seconds: number };
  readonly first: Ingested;
  /** Of the same list. */
  readonly second: Ingested;
  /** Of the next list; null for a list of few rows without one. */
  readonly changed: Ingested | null;
  readonly undoSeconds: number;
  /** Rows of the database that differ: after the second ingestion, and after each undo. */
  readonly differences: { readonly again: number; readonly undone: number; readonly empty: number };
}

/** Takes lists through preview, ingestion, the same list again, a changed list and the undo of each ingestion. */
export class Rehearsal {
  readonly #server: ListServer;
  readonly #process: TestProcess;

  private constructor(server: ListServer, process: TestProcess) {
    this.#server = server;
    this.#process = process;
  }

  static async open(url: string): Promise<Rehearsal> {
    const env = { COUNTY_LISTS_LOOPBACK: "true" };
    const jobs = [ingestCountyLiens, undoLienIngestion];
    return new Rehearsal(await startListServer(), startProcess(url, jobs, { env }));
  }

  async rehearse(list: RehearsedList): Promise<Rehearsed> {
    const { county, source, ruleSet } = list;
    const url = `${this.#server.origin}/${county}`;
    await aCounty(this.#process.db, county, { ...source, url }, { ruleSet });
    const empty = await this.#dump(county);

    const preview = await this.#preview(list, list.body);
    const first = await this.#ingest(list, list.body);
    const afterFirst = await this.#dump(county);
    const second = await this.#ingest(list, list.body);
    const again = differences(afterFirst, await this.#dump(county));
    const body = list.next ?? changedList(list.body);
    const changed = body && (await this.#ingest(list, body));

    const from = performance.now();
    for (const one of [changed, second]) if (one?.state === "succeeded") await this.#undo(county, one.id);
    const undone = differences(afterFirst, await this.#dump(county));
    if (first.state === "succeeded") await this.#undo(county, first.id);
    const undoSeconds = secondsSince(from);
    const left = differences(empty, await this.#dump(county));
    return { preview, first, second, changed, undoSeconds, differences: { again, undone, empty: left } };
  }

  async close(): Promise<void> {
    await Promise.all([this.#process.close(), this.#server.close()]);
  }

  async #preview({ county, type, ruleSet }: RehearsedList, body: Buffer): Promise<Rehearsed["preview"]> {
    const { db, dependencies } = this.#process;
    this.#server.files.set(`/${county}`, { type, body });
    const { lastRows, source } = (await findCounty(db, county))!;
    const listed = {
      id: county,
      source: countySourceSchema.parse(source),
      rules: listRulesOf(ruleSet, {}),
      lastRows,
      file: undefined,
    };
    const from = performance.now();
    const options = { year: 2026, shown: 20, signal: new AbortController().signal };
    const preview = await previewList(db, listed, dependencies.settings, options);
    return { ...preview, seconds: secondsSince(from) };
  }

  async #ingest({ county, type }: RehearsedList, body: Buffer): Promise<Ingested> {
    this.#server.files.set(`/${county}`, { type, body });
    const { run, seconds } = await this.#execute(ingestCountyLiens, { countyId: county, acceptShrink: true });
    const [row] = await this.#process.db.execute<Omit<Ingested, "state" | "seconds">>(sql`
      select id::integer, created, updated, unchanged, failed, not_listed as "notListed", coalesce(doubt, error) as doubt
        from tax_liens.lien_ingestions where run_id = ${run.id}`);
    return { ...row!, state: run.state, seconds };
  }

  async #undo(countyId: string, ingestionId: number): Promise<void> {
    const { run } = await this.#execute(undoLienIngestion, { countyId, ingestionId, reason: "a rehearsal" });
    if (run.state !== "succeeded") throw new Error(`undo of ${countyId} ended ${run.state}: ${run.reason}`);
  }

  async #execute(job: Job, input: unknown) {
    const { enqueuer, runner } = this.#process;
    const { id } = await enqueuer.enqueue(job, { input, trigger: "manual", requestedBy: "a rehearsal" });
    const from = performance.now();
    const run = await runner.execute(id);
    return { run: run!, seconds: secondsSince(from) };
  }

  /** All rows of the county that an ingestion writes, but not its own record. */
  async #dump(county: string): Promise<string[]> {
    const rows = await this.#process.db.execute<{ row: string }>(sql`
      select 'lien ' || t::text as row from tax_liens.liens t where county_id = ${county}
      union all select 'property ' || t::text from tax_liens.properties t where county_id = ${county}
      union all select 'county ' || t::text from tax_liens.counties t where id = ${county}`);
    return [...rows].map(({ row }) => row);
  }
}

/** Another amount in every tenth line, and no line for every eleventh; null for a list of few lines. */
function changedList(body: Buffer): Buffer | null {
  const lines = body.toString().split("\n");
  if (lines.length < 20) return null;
  const changed = lines.flatMap((line, n) => {
    if (n > 0 && n % 11 === 0) return [];
    return [n > 0 && n % 10 === 0 ? line.replace(/\d(?=(\.\d+)?"?\s*$)/, (digit) => String((+digit + 1) % 10)) : line];
  });
  return Buffer.from(changed.join("\n"));
}

function differences(before: readonly string[], after: readonly string[]): number {
  const [known, found] = [new Set(before), new Set(after)];
  const without = (rows: ReadonlySet<string>, others: ReadonlySet<string>) =>
    [...rows].filter((one) => !others.has(one));
  return without(known, found).length + without(found, known).length;
}

function secondsSince(from: number): number {
  return (performance.now() - from) / 1_000;
}
