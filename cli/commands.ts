import type { Command } from "./command.ts";

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every command, in the order of the help. Its code is loaded when it is called. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  jobs: {
    summary: "All jobs: schedule, next run, last run",
    load: async () => (await import("./commands/jobs.ts")).jobs,
  },
  run: {
    summary: "Start a run of a job, and wait for its end with --wait",
    load: async () => (await import("./commands/run.ts")).run,
  },
  runs: {
    summary: "Runs, newest first",
    load: async () => (await import("./commands/runs.ts")).runs,
  },
  show: {
    summary: "One run in detail: input, counters, failed items, errors with stacks",
    load: async () => (await import("./commands/show.ts")).show,
  },
  freshness: {
    summary: "Data sets: their newest day, and the elements whose data is late",
    load: async () => (await import("./commands/freshness.ts")).freshness,
  },
  providers: {
    summary: "Providers: circuit breakers, quotas with their forecast, calls; open or close one",
    load: async () => (await import("./commands/providers.ts")).providers,
  },
  suspects: {
    summary: "Values that are held back as implausible; release or reject one",
    load: async () => (await import("./commands/suspects.ts")).suspects,
  },
  retry: {
    summary: "Retry skipped, cancelled or dead runs, thousands at once",
    load: async () => (await import("./commands/retry.ts")).retry,
  },
  replay: {
    summary: "Run a dead run again, with a corrected input where one is given",
    load: async () => (await import("./commands/replay.ts")).replay,
  },
  dismiss: {
    summary: "Dismiss a dead run, with the reason",
    load: async () => (await import("./commands/dismiss.ts")).dismiss,
  },
  preview: {
    summary: "Read a county's list as an ingestion would, and store nothing",
    load: async () => (await import("./commands/preview.ts")).preview,
  },
  next: {
    summary: "The next occurrences of a schedule; needs no app",
    load: async () => (await import("./commands/next.ts")).next,
  },
  "time-machine": {
    summary: "Run the jobs in simulated time, and account for every slot; needs no app",
    load: async () => (await import("./commands/time-machine.ts")).timeMachine,
  },
  migrate: {
    summary: "Migrate the database to the newest schema",
    load: async () => (await import("./commands/migrate.ts")).migrate,
  },
  restore: {
    summary: "Restore a backup into an empty database",
    load: async () => (await import("./commands/restore.ts")).restore,
  },
};
