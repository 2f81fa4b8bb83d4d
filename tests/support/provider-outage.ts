import { sql } from "drizzle-orm";
import { wakeRuns } from "#data/platform/provider-waits.ts";
import { platform } from "#functions/families.ts";
import { defineJob, exponential, manual, z } from "#jobs";
import { PROVIDER_WAIT } from "#jobs/provider-wait.ts";
import { withinPolicy } from "#providers/outbound/within-policy.ts";
import { ProviderError } from "#providers/provider-error.ts";
import type { DispatchedRun } from "#runner/dependencies.ts";
import { Runner } from "#runner/runner.ts";
import { ProviderCallPolicies } from "#services/providers/provider-call-policy.ts";
import { TestClock } from "./test-clock.ts";
import { startProcess } from "./test-process.ts";
import { unchecked } from "./unchecked.ts";

/** What happened in an outage of a provider. Times are simulated. */
export interface OutageReport {
  readonly runs: number;
  /** Calls that reached the provider while it was down. */
  readonly callsInOutage: number;
  /** Attempts that the runs lost to the outage. */
  readonly attemptsBurned: number;
  readonly dead: number;
  /** Claims of runs during the outage: what waiting costs the database. */
  readonly claimsInOutage: number;
  /** Seconds from the provider's return to the first, the half and the last run. */
  readonly recoverySeconds: readonly [number, number, number];
  /** Most runs that ended in one second of the recovery. */
  readonly mostInOneSecond: number;
  readonly opened: number;
  readonly closed: number;
}

/**
 * Runs that each call one provider once, on two processes with pools of their own, under a provider that is down at
 * first. The clock jumps to the next message.
 */
export async function simulateOutage(
  url: string,
  { runs, outageMs }: { readonly runs: number; readonly outageMs: number },
): Promise<OutageReport> {
  const clock = new TestClock();
  const start = clock.now().getTime();
  const isDown = () => clock.now().getTime() < start + outageMs;
  let callsInOutage = 0;
  const ended: number[] = [];
  const job = defineJob({
    id: "call_acme",
    family: platform,
    summary: "Calls a provider once",
    on: manual,
    input: z.strictObject({ n: z.int() }),
    concurrency: () => null,
    retry: exponential({ retries: 3, first: "5s", max: "1m" }),
    async run({ callPolicy: policy, signal }) {
      await withinPolicy({ provider: "acme", policy, signal }, async () => {
        // Other runs of the process continue during a call.
        await new Promise(setImmediate);
        if (!isDown()) return;
        callsInOutage += 1;
        throw new ProviderError("acme answered 503", { provider: "acme", errorClass: "transient", status: 503 });
      });
      ended.push(clock.now().getTime());
    },
  });

  const messages: DispatchedRun[] = [];
  let [opened, closed] = [0, 0];
  const processes = [1, 2].map(() => {
    const app = startProcess(url, [job], { clock });
    const policies = new ProviderCallPolicies({
      db: app.db,
      clock,
      settings: app.dependencies.settings,
      log: app.dependencies.log,
      changed: async (_tx, _provider, { state }) => {
        if (state === "open") opened += 1;
        else closed += 1;
      },
      recovering: async (provider) => {
        const woken = await wakeRuns(app.db, PROVIDER_WAIT + provider, clock.now());
        messages.push(...woken.map(({ id, jobId, notBefore }) => ({ id, jobId, at: notBefore! })));
      },
      sleep: async () => undefined,
    });
    const dependencies = {
      ...app.dependencies,
      callPolicy: () => policies.of({ isLow: false }),
      dispatch: async (sent: readonly DispatchedRun[]) => void messages.push(...sent),
    };
    return { app, policies, runner: new Runner(dependencies) };
  });
  const [first] = processes;
  try {
    const inputs = Array.from({ length: runs }, (_, n) => ({
      input: { n },
      trigger: "manual" as const,
      requestedBy: "a test",
    }));
    const queued = await first!.app.db.transaction((tx) =>
      first!.runner.enqueuer.enqueueMany(tx, unchecked(job), inputs),
    );
    messages.push(...queued.map(({ id, jobId }) => ({ id, jobId, at: clock.now() })));
    let claimsInOutage = 0;
    while (messages.length > 0) {
      messages.sort((a, b) => a.at.getTime() - b.at.getTime());
      if (messages[0]!.at > clock.now()) clock.moveTo(messages[0]!.at);
      const due = messages.findIndex(({ at }) => at > clock.now());
      const batch = messages.splice(0, Math.min(16, due === -1 ? messages.length : due));
      if (isDown()) claimsInOutage += batch.length;
      await Promise.all(batch.map(({ id }, n) => processes[n % 2]!.runner.execute(id)));
    }
    clock.advance(180_000);
    await first!.policies.closeRecovered();
    const [row] = await first!.app.db.execute<{ dead: number; burned: number }>(sql`
      select count(*) filter (where state <> 'succeeded')::integer as dead,
             sum(3 - (max_attempts - attempt))::integer as burned from platform.job_runs where job_id = 'call_acme'`);
    const seconds = ended.map((at) => Math.floor((at - start - outageMs) / 1_000)).sort((a, b) => a - b);
    const perSecond = Map.groupBy(seconds, (second) => second);
    return {
      runs,
      callsInOutage,
      attemptsBurned: row!.burned,
      dead: row!.dead,
      claimsInOutage,
      recoverySeconds: [seconds[0]!, seconds[Math.floor(seconds.length / 2)]!, seconds.at(-1)!],
      mostInOneSecond: Math.max(...[...perSecond.values()].map(({ length }) => length)),
      opened,
      closed,
    };
  } finally {
    await Promise.all(processes.map(({ app }) => app.close()));
  }
}
