import type { BreakerChange } from "#data/platform/provider-breaker.ts";
import type { CallGrant } from "#data/platform/provider-calls.ts";
import type { ProviderWait } from "#jobs/provider-wait.ts";

/** The wait of a run whose failure opened the circuit breaker, or found it open. */
export function breakerWait(provider: string, { now, failingSince, nextProbeAt }: BreakerChange): ProviderWait {
  // A few seconds later: one call probes, the others meet its result.
  const waitMs = Math.max(5_000, (nextProbeAt?.getTime() ?? 0) - now.getTime());
  return { provider, waitMs, reason: downSince(provider, failingSince, nextProbeAt), failingSince };
}

/** Why a call was refused. */
export function grantWait(provider: string, grant: CallGrant): ProviderWait {
  const { retryMs: waitMs, limit, state, openedBy, openedAt, reason, failingSince, nextProbeAt } = grant;
  const shared = { provider, waitMs, failingSince: null };
  if (limit?.kind === "quota") return { ...shared, reason: `the quota of ${provider} (${limit.name}) is exhausted` };
  if (limit) return { ...shared, reason: `the rate limit of ${provider} (${limit.name}) is reached` };
  if (openedBy !== null) {
    return { ...shared, reason: `${openedBy} closed off ${provider} at ${iso(openedAt!)}: ${reason ?? "no reason"}` };
  }
  if (state === "open") {
    return { ...shared, failingSince, reason: downSince(provider, failingSince, nextProbeAt) };
  }
  if (state === "half_open") return { ...shared, reason: `${provider} answers again; calls start at a rising rate` };
  return { ...shared, reason: `${provider} asks to wait` };
}

function downSince(provider: string, since: Date | null, nextProbeAt: Date | null): string {
  const probe = nextProbeAt ? `, next probe at ${iso(nextProbeAt)}` : "";
  return `${provider} has been down since ${since ? iso(since) : "an unknown time"}${probe}`;
}

function iso(at: Date): string {
  return at.toISOString().replace(/\.\d{3}Z$/, "Z");
}
