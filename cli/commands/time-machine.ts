import { oneOf, whole } from "#settings/setting.ts";
import { defineCommand, flag } from "../command.ts";
import { Failure, WrongUsage } from "../failure.ts";
import { printJson } from "../output.ts";
import {
  chosenJobs,
  listed,
  outagesIn,
  readInstant,
  readScheduleChange,
  readSpan,
  type ScheduleChange,
  settingsOf,
} from "../time-machine/options.ts";
import type { Span } from "../time-machine/plan.ts";
import { progressLine } from "../time-machine/progress-line.ts";

export const timeMachine = defineCommand({
  arguments: {},
  options: {
    from: { about: "where time begins: a date (UTC) or an instant", placeholder: "<instant>", read: readInstant },
    to: { about: "where it ends; this instant is no part of it", placeholder: "<instant>", read: readInstant },
    job: {
      about: "this job alone, may repeat (default: every scheduled job)",
      placeholder: "<job>",
      read: (id: string): readonly string[] => [id],
      join: listed<string>,
    },
    schedule: {
      about: "another schedule for a job; may stand several times",
      placeholder: "<job>=<expression>@<zone>",
      read: readScheduleChange,
      join: listed<ScheduleChange>,
    },
    down: {
      about: "no app runs in this time; may stand several times",
      placeholder: "<instant>/<instant>",
      read: readSpan,
      join: listed<Span>,
    },
    processes: { ...whole(1, 8, { about: "app processes side by side (default 1)" }), placeholder: "<count>" },
    bodies: {
      ...oneOf(["on", "off"], { about: "work, or slots alone (default: on up to 1,000 slots)" }),
      placeholder: "on|off",
    },
    limit: {
      ...whole(1, 100_000_000, { about: "more slots than this are sampled (default 10000)" }),
      placeholder: "<slots>",
    },
    json: flag("print the ledger for scripts"),
  },
  examples: [
    "time-machine --from 2026-01-01 --to 2027-01-01",
    "time-machine --from 2026-03-01 --to 2026-04-01 --down 2026-03-28T22:00Z/2026-03-29T06:00Z",
    "time-machine --from 2026-01-01 --to 2027-01-01 --job sync_fx_latest --schedule 'sync_fx_latest=0 30 2 * * *@Europe/Berlin'",
  ],
  async run({ options, out, env }) {
    const { job, schedule = [], bodies, limit, processes } = options;
    const span = spanOf(options);
    const outages = outagesIn(span, options.down ?? []);
    const [{ jobs: all }, { travel }, { throwAwayDatabases }, { journeyJson, openSlots, printJourney }] =
      await Promise.all([
        import("#functions/index.ts"),
        import("../time-machine/travel.ts"),
        import("../time-machine/throw-away-databases.ts"),
        import("../time-machine/report.ts"),
      ]);
    const jobs = chosenJobs(all, job);
    for (const { jobId } of schedule) chosenJobs(jobs, [jobId]);
    const interrupted = interruption();
    const display = progressLine(process.stderr);
    const databases = await throwAwayDatabases(env.DATABASE_URL?.trim()).catch((error: unknown) => {
      throw new Failure(`time-machine: no database for it: ${(error as Error).message}`);
    });
    try {
      const journey = await travel({
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
      if (options.json) printJson(out, journeyJson(journey));
      else printJourney(journey, out);
      return openSlots(journey) === 0 ? 0 : 1;
    } finally {
      display.end();
      await databases.close();
      interrupted.forget();
    }
  },
});

function spanOf({ from, to }: { readonly from: Date | undefined; readonly to: Date | undefined }): Span {
  if (!from || !to)
    throw new WrongUsage("time-machine: --from and --to say which time: --from 2026-01-01 --to 2027-01-01.");
  if (from >= to) throw new WrongUsage("time-machine: --to: expected an instant after --from.");
  return { from, to };
}

/** Ctrl-C ends the journey, not the tidying up after it. */
function interruption(): { signal: AbortSignal; forget: () => void } {
  const controller = new AbortController();
  const stop = () => {
    controller.abort(new Failure("time-machine: interrupted; nothing was kept."));
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  return {
    signal: controller.signal,
    forget: () => {
      process.removeListener("SIGINT", stop).removeListener("SIGTERM", stop);
    },
  };
}
