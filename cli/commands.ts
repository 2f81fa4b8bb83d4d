import type { Command } from "./command.ts";

export interface Listed {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every command, in the order of the help. Its code is loaded when it is called. */
export const commands: Readonly<Record<string, Listed>> = {
  jobs: {
    summary: "All jobs: schedule, next run, last run",
    load: async () => (await import("./commands/jobs.ts")).jobs,
  },
  run: {
    summary: "Start a job now, and wait for its end with --wait",
    load: async () => (await import("./commands/run.ts")).run,
  },
  runs: {
    summary: "Runs, newest first",
    load: async () => (await import("./commands/runs.ts")).runs,
  },
  show: {
    summary: "One run, whole: input, counters, failed items, errors with stacks",
    load: async () => (await import("./commands/show.ts")).show,
  },
  next: {
    summary: "When a schedule is due next; needs no app",
    load: async () => (await import("./commands/next.ts")).next,
  },
  "time-machine": {
    summary: "Take the jobs through simulated time, and account for every slot; needs no app",
    load: async () => (await import("./commands/time-machine.ts")).timeMachine,
  },
  migrate: {
    summary: "Bring the database to the newest schema",
    load: async () => (await import("./commands/migrate.ts")).migrate,
  },
  restore: {
    summary: "Put a backup into an empty database",
    load: async () => (await import("./commands/restore.ts")).restore,
  },
};
