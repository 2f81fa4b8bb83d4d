import { sql } from "drizzle-orm";
import type { Tx } from "#data/client.ts";
import type { JobContext } from "#jobs/define-job.ts";
import { linear } from "#jobs/retry.ts";

/** What all jobs of the app under load have in common: retries enough that none dies of kills. */
export const common = {
  family: { id: "load", title: "Under load" },
  retry: linear({ retries: 50, delay: "300ms" }),
} as const;

type Doer = Pick<JobContext<never>, "run">;

/** A plain insert: done twice, it fails on the key, and the run ends dead where the account sees it. */
export async function leave(tx: Tx, { run }: Doer, key: string): Promise<void> {
  await tx.execute(sql`insert into load.effects (key, pid, run_id, attempt)
                       values (${key}, ${process.pid}, ${run.id}, ${run.attempt})`);
}

/** Calls the service outside with a key, by which it tells a repeated call. */
export async function callOutside(key: string, signal?: AbortSignal): Promise<unknown> {
  const response = await fetch(process.env.LOAD_OUTSIDE!, {
    method: "POST",
    headers: { "idempotency-key": key, "x-pid": String(process.pid) },
    ...(signal && { signal }),
  });
  return response.json();
}

/** The same number from 0 to 1 for the same words, so that what fails is decided by the input and not by chance. */
export function chance(...words: (string | number)[]): number {
  let hash = 2_166_136_261;
  for (const char of words.join(" ")) hash = Math.imul(hash ^ char.codePointAt(0)!, 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 4_294_967_296;
}
