import type { Db } from "#data/client.ts";
import { addCalls, type CallCounts } from "#data/platform/provider-calls.ts";
import type { JobLog } from "#jobs/job-log.ts";

/** A process that ends suddenly loses the counts of this time. */
const FLUSH_MS = 1_000;

type Counted = Omit<CallCounts, "provider" | "minute">;
const NOTHING: Counted = { calls: 0, errors: 0, limited: 0, refused: 0, durationMs: 0, microcents: 0 };

/** Counts calls by provider and minute in memory, and adds them to the database each second. */
export class CallCounter {
  readonly #deps: { readonly db: Db; readonly log: Pick<JobLog, "warn"> };
  #counts = new Map<string, CallCounts>();
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: { readonly db: Db; readonly log: Pick<JobLog, "warn"> }) {
    this.#deps = deps;
  }

  add(provider: string, at: Date, counted: Partial<Counted>): void {
    const minute = new Date(Math.floor(at.getTime() / 60_000) * 60_000);
    const key = `${minute.getTime()} ${provider}`;
    const before = this.#counts.get(key) ?? { ...NOTHING, provider, minute };
    const sums = Object.entries(counted).map(([name, count]) => [name, before[name as keyof Counted] + count]);
    this.#counts.set(key, { ...before, ...(Object.fromEntries(sums) as Partial<Counted>) });
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Never throws: a failure is logged, and these counts are lost. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    try {
      await addCalls(this.#deps.db, counts);
    } catch (error) {
      this.#deps.log.warn("Counts of calls to providers are lost", { error });
    }
  }
}
