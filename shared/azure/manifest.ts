import type { Method, Route } from "#http/route.ts";
import type { Job } from "#jobs/define-job.ts";
import { isScheduled } from "#jobs/define-job.ts";
import { ownQueue, SHARED_QUEUE_FUNCTION } from "#messaging/queue-names.ts";
import { utcSuperset } from "#schedule/index.ts";

/**
 * What start-up has to know to register every function, without loading the code of any. The build reads it off the jobs
 * and routes and writes it into the entry, so start-up costs the same with four jobs and with forty.
 */
export interface Manifest {
  readonly jobs: readonly ManifestJob[];
  readonly paths: readonly ManifestPath[];
}

export interface ManifestJob {
  readonly id: string;
  readonly functionName: string;
  /** The queue of its own, and the function that takes its messages: beside a timer it is another one. */
  readonly queue: { readonly name: string; readonly batch: number; readonly functionName: string } | null;
  /** Null for a job that only runs when it is asked for. */
  readonly timer: { readonly expression: string; readonly zone: string; readonly utc: string } | null;
}

/** One path: one function, whatever the number of its methods, so that a wrong method gets a proper answer. */
export interface ManifestPath {
  readonly path: string;
  readonly functionName: string;
  /** `role`: a viewer or an operator, by method. */
  readonly access: "open" | "key" | "role";
  readonly methods: readonly Method[];
}

/** @throws TypeError when two jobs, two routes or two functions are the same to the host */
export function manifestOf(jobs: readonly Job[], routes: readonly Route[]): Manifest {
  checkChains(jobs);
  const manifest = read(jobs, routes);
  unique(
    [SHARED_QUEUE_FUNCTION, ...manifest.jobs.flatMap(functionsOf), ...manifest.paths.map((path) => path.functionName)],
    // The host tells names apart without regard to case.
    (name) => `function ${name.toLowerCase()}`,
  );
  // Nor does it tell `runs/{id}` from `Runs/{run}`, of which it would call either.
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
    })),
    paths: [
      ...Map.groupBy(
        unique(routes, ({ method, path }) => `${method} ${path}`),
        ({ path }) => path,
      ),
    ].map(([path, all]) => ({
      path,
      functionName: camelCase(`http_${path.replace(/^api\//, "").replace(/[^A-Za-z0-9]+/g, "_")}`),
      access: oneAccess(path, all),
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

/** `sync_fx_latest` → `syncFxLatest`: a name with a hyphen cannot be disabled on Linux. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase()).replace(/_+$/, "");
}

/** A chain to a job that is not there, or that cannot run without input, would only fail at night. */
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

function oneAccess(path: string, routes: readonly Route[]): ManifestPath["access"] {
  const kinds = new Set(routes.map(({ access }) => (access === "open" || access === "key" ? access : "role")));
  const [kind] = kinds;
  if (kind === undefined || kinds.size > 1) {
    throw new TypeError(`${path}: the methods of one path share one function: open, by key or by role, but not mixed`);
  }
  return kind;
}
