import { sql } from "drizzle-orm";
import type { Tx } from "#data/client.ts";
import type { JobContext } from "#jobs/context.ts";
import { linear } from "#jobs/retry.ts";

/** Common properties of the jobs under load: enough retries to survive all kills. */
export const common = {
  family: { id: "load", title: "Under load" },
  retry: linear({ retries: 50, delay: "300ms" }),
} as const;

type Executor = Pick<JobContext<never>, "run">;

/** A plain insert: a second execution fails on the unique key, and the run ends dead, which the checks detect. */
export async function writeEffect(tx: Tx, { run }: Executor, key: string): Promise<void> {
  await tx.execute(sql`insert into load.effects (key, pid, run_id, attempt)
                       values (${key}, ${process.pid}, ${run.id}, ${run.attempt})`);
}

/** Calls the fake service with an idempotency key, by which it detects a repeated call. */
export async function callService(key: string, signal?: AbortSignal): Promise<unknown> {
  const response = await fetch(process.env.LOAD_SERVICE_URL!, {
    method: "POST",
    headers: { "idempotency-key": key, "x-pid": String(process.pid) },
    ...(signal && { signal }),
  });
  return response.json();
}

/** A number from 0 to 1 that depends only on the words, so that the input decides which attempts fail. */
export function hashFraction(...words: (string | number)[]): number {
  let hash = 2_166_136_261;
  for (const char of words.join(" ")) hash = Math.imul(hash ^ char.codePointAt(0)!, 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 4_294_967_296;
}
