import type { Run } from "#data/platform/platform-schema.ts";
import { openOnce } from "#diagnostics/open-once.ts";
import type { CallPolicy } from "#jobs/call-policy.ts";
import type { ProviderCallPolicies } from "./provider-call-policy.ts";
import type { CallingApp } from "./provider-events.ts";

/** The policies of calls of one app. Their code is loaded with the first call. */
export interface AppCallPolicies {
  /** The policy of the calls of a run: those of a backfill yield to others. */
  ofRun(run: Pick<Run, "backfillId">): CallPolicy;
  /** The policy of calls outside runs. */
  readonly ofRequests: CallPolicy;
  closeRecovered(): Promise<void>;
  /** Stores the counts that are not stored yet. */
  flush(): Promise<void>;
}

/** @param app called with the first call: the app may still be under construction before */
export function appCallPolicies(app: () => CallingApp): AppCallPolicies {
  let opened: ProviderCallPolicies | undefined;
  const policies = openOnce(async () => {
    const [{ ProviderCallPolicies: Policies }, { providerChanged, wakeRunsOf }] = await Promise.all([
      import("./provider-call-policy.ts"),
      import("./provider-events.ts"),
    ]);
    const { db, clock, config: settings, log } = app();
    return (opened = new Policies({
      db,
      clock,
      settings,
      log,
      changed: (tx, provider, change) => providerChanged(app(), tx, provider, change),
      recovering: async (provider) => void (await wakeRunsOf(app(), provider)),
    }));
  });
  const policyOf = (isLow: boolean): CallPolicy => ({
    begin: async (call) => (await policies()).of({ isLow }).begin(call),
    limited: async (provider, waitMs) => (await policies()).of({ isLow }).limited(provider, waitMs),
  });
  return {
    ofRun: ({ backfillId }) => policyOf(backfillId !== null),
    ofRequests: policyOf(false),
    closeRecovered: async () => (await policies()).closeRecovered(),
    flush: async () => opened?.flush(),
  };
}
