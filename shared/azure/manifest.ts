import type { Method, Route } from "#http/route.ts";
import type { Job } from "#jobs/job.ts";
import { isScheduled } from "#jobs/job.ts";
import { ownQueue, SHARED_QUEUE_FUNCTION } from "#messaging/queue-names.ts";
import { utcSuperset } from "#schedule/index.ts";

/**
 * What start-up needs to register every function without loading the code of one. The build derives it from the jobs
 * and routes and writes it into the entry, so the number of jobs hardly changes the time of a start.
 */
export interface Manifest {
  readonly jobs: readonly ManifestJob[];
  readonly paths: readonly ManifestPath[];
}

/** One job: its functions and the names of its settings. */
export interface ManifestJob {
  readonly id: string;
  readonly functionName: string;
  /** The job's own queue, and the function that receives its messages; a job with a timer has two functions then. */
  readonly queue: { readonly name: string; readonly batch: number; readonly functionName: string } | null;
  /** Null for a job without a schedule. `utc` fires at least as often as the schedule in its zone. */
  readonly timer: { readonly expression: string; readonly zone: string; readonly utc: string } | null;
  /** The setting that replaces the time zone of its schedule. */
  readonly zoneSetting: string | null;
  /** Earlier ids, under which its settings are still read. */
  readonly formerIds: readonly string[];
}

/** One path: one function for all its methods, so that the app answers a wrong method with 405. */
export interface ManifestPath {
  readonly path: string;
  readonly functionName: string;
  /** `role`: a viewer or an operator, depending on the method. */
  readonly access: "open" | "key" | "role";
  readonly methods: readonly Method[];
}

/**
 * Makes the manifest.
 * @throws TypeError when two jobs, routes or functions are equal to the host, or a chain names a job that cannot follow
 */
export function manifestOf(jobs: readonly Job[], routes: readonly Route[]): Manifest {
  checkChains(jobs);
  const manifest = read(jobs, routes);
  unique(
    [SHARED_QUEUE_FUNCTION, ...manifest.jobs.flatMap(functionsOf), ...manifest.paths.map((path) => path.functionName)],
    // The host ignores case in function names.
    (name) => `function ${name.toLowerCase()}`,
  );
  // To the host, `runs/{id}` and `Runs/{run}` are one path: it would call either function.
  unique(manifest.paths, ({ path }) => `path ${path.toLowerCase().replace(/\{[^}]*\}/g, "{}")}`);
  return manifest;
}

function read(jobs: readonly Job[], routes: readonly Route[]): Manifest {
  return {
    jobs: unique(jobs, ({ id }) => id).map((job) => ({
      id: job.id,
      functionName: camelCase(job.id),
      queue: job.queue && { ...job.queue, name: ownQueue(job.id), functionName: queueFunction(job) },
      timer: isScheduled(job) ? { expression: job.on.expression, zone: job.on.zone, utc: utcSuperset(job.on) } : null,
      zoneSetting: job.zoneSetting ?? null,
      formerIds: job.formerIds,
    })),
    paths: [
      ...Map.groupBy(
        unique(routes, ({ method, path }) => `${method} ${path}`),
        ({ path }) => path,
      ),
    ].map(([path, all]) => ({
      path,
      functionName: camelCase(`http_${path.replace(/^api\//, "").replace(/[^A-Za-z0-9]+/g, "_") || "root"}`),
      access: accessOf(path, all),
      methods: all.map(({ method }) => method),
    })),
  };
}

function queueFunction(job: Job): string {
  return isScheduled(job) ? `${camelCase(job.id)}Runs` : camelCase(job.id);
}

function functionsOf({ functionName, queue }: ManifestJob): string[] {
  return [...new Set([functionName, ...(queue ? [queue.functionName] : [])])];
}

/** `sync_fx_latest` → `syncFxLatest`: on Linux, no setting can disable a function whose name has a hyphen. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase()).replace(/_+$/, "");
}

/** Finds chains to jobs that do not exist or need an input, which would otherwise fail only after a run. */
function checkChains(jobs: readonly Job[]): void {
  for (const { id, then } of jobs) {
    for (const next of then) {
      const job = jobs.find((candidate) => candidate.id === next);
      if (!job) throw new TypeError(`${id}: then: there is no job ${JSON.stringify(next)} in functions/index.ts`);
      if (!job.input.safeParse({}).success) throw new TypeError(`${id}: then: ${next} cannot run without an input`);
    }
  }
}

function unique<T>(values: readonly T[], key: (value: T) => string): readonly T[] {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(key(value))) throw new TypeError(`${key(value)} is listed twice in functions/index.ts`);
    seen.add(key(value));
  }
  return values;
}

function accessOf(path: string, routes: readonly Route[]): ManifestPath["access"] {
  const kinds = new Set(routes.map(({ access }) => (access === "open" || access === "key" ? access : "role")));
  const [kind] = kinds;
  if (kind === undefined || kinds.size > 1) {
    throw new TypeError(
      `${path}: the methods of one path share one function, so their access must be open for all, by key for all, or by role for all`,
    );
  }
  return kind;
}
