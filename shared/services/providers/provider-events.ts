import type { Db, Tx } from "#data/client.ts";
import type { BreakerChange } from "#data/platform/provider-breaker.ts";
import { wakeRuns } from "#data/platform/provider-waits.ts";
import type { JobLog } from "#jobs/job-log.ts";
import { PROVIDER_WAIT } from "#jobs/provider-wait.ts";
import { type NewNotification, OPERATORS } from "#notifications/notification.ts";
import { notifier, type NotifyingApp } from "#notifications/notifier.ts";
import { notify } from "#notifications/notify.ts";
import { inWords } from "#schedule/duration.ts";

/** The parts of an app that calls to providers need. */
export type CallingApp = NotifyingApp & { readonly db: Db; readonly log: JobLog };

/** Notifies the operators once that a circuit breaker opened, and once that it closed. */
export async function providerChanged(
  app: CallingApp,
  tx: Tx,
  provider: string,
  { state, now, openedAt, failingSince, reason }: BreakerChange,
): Promise<void> {
  const key = `${provider}:${openedAt?.toISOString()}`;
  const data = { provider, failingSince: failingSince?.toISOString() ?? null };
  const shared = { recipient: OPERATORS, data } satisfies Partial<NewNotification>;
  const notice: NewNotification =
    state === "open"
      ? {
          ...shared,
          severity: "WARN",
          type: "provider.down",
          title: `${provider} is down`,
          body: `${provider} has failed since ${failingSince?.toISOString()}: ${reason}. Its runs wait without spending attempts. One call at a time probes it; rota providers shows when.`,
          dedupeKey: `provider.down:${key}`,
        }
      : {
          ...shared,
          severity: "INFO",
          type: "provider.up",
          title: `${provider} answers again`,
          body: `${provider} was down for ${inWords(now.getTime() - (failingSince ?? openedAt ?? now).getTime())}. Its runs continue.`,
          dedupeKey: `provider.up:${key}`,
        };
  await notify(notifier(app, { family: "platform", who: "provider layer" }), tx, [notice]);
}

/** Wakes the runs that wait for a provider, at a rising rate. @returns how many */
export async function wakeRunsOf({ db, clock, enqueuer }: CallingApp, provider: string): Promise<number> {
  const woken = await wakeRuns(db, PROVIDER_WAIT + provider, clock.now());
  await enqueuer.dispatch(woken);
  return woken.length;
}
