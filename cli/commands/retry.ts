import { oneOf, text } from "#settings/setting.ts";
import { AdminApi } from "../admin-api.ts";
import { defineCommand, flag, INVOCATION } from "../command.ts";
import { CommandError, UsageError } from "../command-errors.ts";
import { confirm } from "../confirm.ts";
import { type Output, printable, printJson } from "../output.ts";
import { pageProgress } from "../progress.ts";
import { checkRunId } from "../run-id-argument.ts";
import { grouped, oneLine, quantity } from "../text-format.ts";
import { timeOption } from "../time-option.ts";

const ADDRESS = "api/admin/runs/retry";
/** Runs of one request: small enough that progress shows and no request times out. */
const PAGE = 1_000;
/** Refused runs that the output shows. */
const SHOWN = 5;
const STATES = ["skipped", "cancelled", "dead"] as const;

interface Retried {
  readonly retried: number;
  readonly notRetried: Readonly<Record<string, number>>;
  readonly refused: readonly { readonly run: string; readonly reason: string }[];
  readonly nextAfter: string | null;
}
interface DryRun extends Retried {
  readonly count: number;
  readonly jobs: Readonly<Record<string, number>>;
}

export const retry = defineCommand({
  arguments: { run: { about: "the id of one run (default: those that the options select)", optional: true } },
  options: {
    state: { ...oneOf(STATES, { about: `${STATES.join(", ")} (default skipped)` }), placeholder: "<state>" },
    job: { ...text({ about: "only runs of this job" }), placeholder: "<id>" },
    family: { ...text({ about: "only runs of jobs of this family" }), placeholder: "<family>" },
    code: { ...text({ about: "only with this code of the reason, such as kill-switch" }), placeholder: "<code>" },
    since: timeOption("only runs that ended since"),
    until: timeOption("only runs that ended before"),
    reason: { ...text({ about: "why, for the audit: 3 to 500 characters" }), placeholder: "<text>" },
    "dry-run": flag("only count and check the runs"),
    yes: flag("do not ask before the retry"),
    json: flag("print the answer of the app as JSON, for scripts"),
  },
  examples: [
    "retry --since 2h --dry-run",
    'retry --job send_notification --since 2h --reason "the switch is on again"',
    'retry --state dead --family portfolio --reason "the provider answers" --yes',
  ],
  async run(call) {
    const { out, options } = call;
    const { reason, json } = options;
    const isDry = options["dry-run"] === true;
    const selection = selectionOf(call.arguments.run, options);
    if (!isDry && reason === undefined)
      throw new UsageError(`retry: --reason is required without --dry-run: ${INVOCATION} retry --help`);
    if (!isDry && json && !options.yes) throw new UsageError("retry: --json needs --yes or --dry-run.");

    const api = await AdminApi.of(call);
    const found = printable(await api.post<DryRun>(ADDRESS, { ...selection, limit: PAGE, dryRun: true }));
    // No runs are misleading for a misspelt id: for that, this request fails with a suggestion.
    if (options.job !== undefined && found.count === 0)
      await api.get(`api/admin/jobs/${encodeURIComponent(options.job)}`);
    if (!json) showFound(out, found);
    if (isDry || found.count === 0) {
      if (json) printJson(out, found);
      return isDry ? 0 : 1;
    }
    if (!options.yes && !(await confirm(out, `Retry ${quantity(found.count, "run")}?`))) {
      out.line("Nothing was retried.");
      return 1;
    }
    const progress = json ? null : pageProgress(out, found.count);
    const done = printable(await retryAll(api, { ...selection, reason }, progress));
    if (json) printJson(out, done);
    else showDone(out, done);
    return done.retried === 0 ? 1 : 0;
  },
});

/** @throws UsageError when it selects no runs, or all */
function selectionOf(
  run: string | undefined,
  { state, job, family, code: reasonCode, since, until }: Readonly<Record<string, unknown>>,
): object {
  const narrowing = { job, family, reasonCode, since, until };
  const isNarrowed = Object.values(narrowing).some((value) => value !== undefined);
  if (run !== undefined) {
    checkRunId("retry", run);
    if (isNarrowed || state !== undefined) throw new UsageError("retry: expected a run or options that select runs.");
    return { runs: [run] };
  }
  if (!isNarrowed)
    throw new UsageError("retry: expected a run, or at least one of --job, --family, --code, --since and --until.");
  return { filter: { state: state ?? "skipped", ...narrowing } };
}

type Done = Omit<Retried, "nextAfter">;

/** @throws CommandError that says how many were retried before */
async function retryAll(api: AdminApi, body: object, progress: ReturnType<typeof pageProgress> | null): Promise<Done> {
  const notRetried: Record<string, number> = {};
  const refused: Done["refused"][number][] = [];
  let [retried, looked] = [0, 0];
  let after: string | null = null;
  try {
    do {
      const page: Retried = await api.post(ADDRESS, { ...body, limit: PAGE, ...(after !== null && { after }) });
      retried += page.retried;
      looked += page.retried;
      for (const [code, count] of Object.entries(page.notRetried)) {
        notRetried[code] = (notRetried[code] ?? 0) + count;
        looked += count;
      }
      refused.push(...page.refused);
      after = page.nextAfter;
      progress?.show(looked);
    } while (after !== null);
  } catch (error) {
    if (!(error instanceof CommandError) || looked === 0) throw error;
    const again = "Start the command again: it leaves these out";
    throw new CommandError(
      `${error.message.replace(/\.?$/, ".")} ${quantity(retried, "run")} had been retried before. ${again}.`,
    );
  } finally {
    progress?.end();
  }
  return { retried, notRetried, refused };
}

function showFound(out: Output, { count, jobs, retried, notRetried, refused }: DryRun): void {
  if (count === 0) out.line("No run can be retried.");
  else out.line(`${quantity(count, "run")} found:`);
  for (const [id, runs] of Object.entries(jobs)) out.line(`  ${out.paint("bold", id)}  ${quantity(runs, "run")}`);
  if (refused.length === 0) return;
  const looked = retried + sumOf(notRetried);
  out.line(`Of the first ${quantity(looked, "run")}, the app refuses ${grouped(sumOf(notRetried))}:`);
  showRefused(out, refused);
}

function showDone(out: Output, { retried, notRetried, refused }: Done): void {
  const isGood = retried > 0;
  const mark = out.paint(isGood ? "green" : "red", isGood ? "✔" : "✘");
  out.line(`${mark} ${quantity(retried, "run")} retried.`);
  if (refused.length === 0) return;
  out.line(`${quantity(sumOf(notRetried), "run")} not retried:`);
  showRefused(out, refused);
}

function showRefused(out: Output, refused: Retried["refused"]): void {
  for (const { run, reason } of refused.slice(0, SHOWN)) out.line(`  ${run}  ${out.paint("dim", oneLine(reason))}`);
  if (refused.length > SHOWN) out.line(out.paint("dim", "  …"));
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
