import { oneOf, whole } from "#settings/setting.ts";
import { defineCommand, flag } from "../command.ts";
import { CommandError, UsageError } from "../command-errors.ts";
import { printJson } from "../output.ts";
import { progressLine } from "../time-machine/progress-line.ts";
import type { Span } from "../time-machine/simulation-plan.ts";
import {
  concatenate,
  readInstant,
  readScheduleChange,
  readSpan,
  type ScheduleChange,
  selectJobs,
  settingsOf,
  sortedOutages,
} from "../time-machine/time-machine-options.ts";

export const timeMachine = defineCommand({
  arguments: {},
  options: {
    from: { about: "start of the span: a date (UTC) or an instant", placeholder: "<instant>", read: readInstant },
    to: { about: "end of the span, exclusive", placeholder: "<instant>", read: readInstant },
    job: {
      about: "only this job; may repeat (default: all scheduled jobs)",
      placeholder: "<job>",
      read: (id: string): readonly string[] => [id],
      join: concatenate<string>,
    },
    schedule: {
      about: "a different schedule for a job; may repeat",
      placeholder: "<job>=<expression>@<zone>",
      read: readScheduleChange,
      join: concatenate<ScheduleChange>,
    },
    down: {
      about: "an outage: no app runs in this time; may repeat",
      placeholder: "<instant>/<instant>",
      read: readSpan,
      join: concatenate<Span>,
    },
    processes: { ...whole(1, 8, { about: "number of app processes (default 1)" }), placeholder: "<count>" },
    bodies: {
      ...oneOf(["on", "off"], { about: "run the work, or only slots (default: on to 1,000 slots)" }),
      placeholder: "on|off",
    },
    limit: {
      ...whole(1, 100_000_000, { about: "sample jobs with more slots than this (default 10000)" }),
      placeholder: "<slots>",
    },
    json: flag("print the result as JSON, for scripts"),
  },
  examples: [
    "time-machine --from 2026-01-01 --to 2027-01-01",
    "time-machine --from 2026-03-01 --to 2026-04-01 --down 2026-03-28T22:00Z/2026-03-29T06:00Z",
    "time-machine --from 2026-01-01 --to 2027-01-01 --job sync_fx_latest --schedule 'sync_fx_latest=0 30 2 * * *@Europe/Berlin'",
  ],
  async run({ options, out, env }) {
    const { job, schedule = [], bodies, limit, processes } = options;
    const span = spanOf(options);
    const outages = sortedOutages(span, options.down ?? []);
    const [{ jobs: all }, { runTimeMachine }, { temporaryDatabases }, { reportJson, unaccountedSlots, printReport }] =
      await Promise.all([
        import("#functions/index.ts"),
        import("../time-machine/run-time-machine.ts"),
        import("../time-machine/temporary-databases.ts"),
        import("../time-machine/time-machine-report.ts"),
      ]);
    const jobs = selectJobs(all, job);
    for (const { jobId } of schedule) selectJobs(jobs, [jobId]);
    const interrupted = interruption();
    const display = progressLine(process.stderr);
    const databases = await temporaryDatabases(env.DATABASE_URL?.trim()).catch((error: unknown) => {
      throw new CommandError(`time-machine: no database is available: ${(error as Error).message}`);
    });
    try {
      const result = await runTimeMachine({
        jobs,
        span,
        outages,
        databases,
        bodies,
        env: settingsOf(jobs, env, schedule),
        ...(processes !== undefined && { processes }),
        ...(limit !== undefined && { limit }),
        signal: interrupted.signal,
        onProgress: display.show,
      });
      display.end();
      if (options.json) printJson(out, reportJson(result));
      else printReport(result, out);
      return unaccountedSlots(result) === 0 ? 0 : 1;
    } finally {
      display.end();
      await databases.close();
      interrupted.forget();
    }
  },
});

function spanOf({ from, to }: { readonly from: Date | undefined; readonly to: Date | undefined }): Span {
  if (!from || !to)
    throw new UsageError("time-machine: --from and --to are required: --from 2026-01-01 --to 2027-01-01.");
  if (from >= to) throw new UsageError("time-machine: --to: expected an instant after --from.");
  return { from, to };
}

/** Ctrl-C ends the simulation; the clean-up still runs. */
function interruption(): { signal: AbortSignal; forget: () => void } {
  const controller = new AbortController();
  const stop = () => {
    controller.abort(new CommandError("time-machine: interrupted; all temporary data is deleted."));
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  return {
    signal: controller.signal,
    forget: () => {
      process.removeListener("SIGINT", stop).removeListener("SIGTERM", stop);
    },
  };
}
