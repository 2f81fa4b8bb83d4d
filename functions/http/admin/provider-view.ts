import { z } from "zod";
import type { App } from "#http/app-services.ts";
import { type ProviderHealth, providerHealth } from "#operations/provider-health.ts";
import { instant } from "./field-schemas.ts";

const sumsSchema = z.object({
  calls: z.int(),
  errors: z.int().describe("Calls that ended without a usable response"),
  limited: z.int().describe("Those of them that the rate limit of the provider refused"),
  refused: z.int().describe("Calls that the layer did not make: breaker, quota or rate limit"),
  meanMs: z.int().nullable().describe("The mean duration; null without calls"),
  usd: z.number().describe("What they cost in US dollars, where the prices are known"),
});

export const providerSchema = z.object({
  provider: z.string(),
  state: z
    .enum(["closed", "open", "half_open"])
    .describe("open: no call starts; half_open: calls start at a rising rate; closed: all start"),
  trouble: z.string().nullable().describe("What is wrong, in a sentence; null where nothing is"),
  since: instant.nullable().describe("The first failure of the outage"),
  openedBy: z.string().nullable().describe("The operator who opened the breaker; null where the failures did"),
  reason: z.string().nullable().describe("The last failure, or the reason of the operator"),
  failures: z.int().describe("Consecutive failures"),
  nextProbeAt: instant.nullable(),
  limitedUntil: instant.nullable().describe("Until when the provider asked to wait"),
  waitingRuns: z.int(),
  limits: z.array(
    z.object({
      name: z.string().describe("As in PROVIDER_LIMITS: 3/1s, 800/day"),
      kind: z.enum(["rate", "quota"]),
      maxCalls: z.int(),
      used: z.int().describe("Calls of the quota's period; of a rate, of the last five minutes"),
      share: z.number().describe("The used part of the limit: 0.8 is 80 %"),
      endsAt: instant.nullable().describe("End of the quota's period; null for a rate"),
      exhaustedAt: instant
        .nullable()
        .describe("When the quota is exhausted at the pace of the last hour; null: not before its end"),
    }),
  ),
  lastHour: sumsSchema,
  lastDay: sumsSchema,
});

/** The providers that have been called. @param only one of them */
export async function providerViews(app: App, only?: string): Promise<z.input<typeof providerSchema>[]> {
  return (await providerHealth(app, only)).map(viewOf);
}

function viewOf({ since, nextProbeAt, limitedUntil, limits, lastHour, lastDay, ...health }: ProviderHealth) {
  return {
    ...health,
    since: iso(since),
    nextProbeAt: iso(nextProbeAt),
    limitedUntil: iso(limitedUntil),
    limits: limits.map(({ name, kind, maxCalls, used, share, endsAt, exhaustedAt }) => ({
      name,
      kind,
      maxCalls,
      used,
      share: Number(share.toFixed(4)),
      endsAt: iso(endsAt),
      exhaustedAt: iso(exhaustedAt),
    })),
    lastHour: sumsOf(lastHour),
    lastDay: sumsOf(lastDay),
  };
}

function sumsOf({ durationMs, microcents, ...sums }: ProviderHealth["lastHour"]) {
  const meanMs = sums.calls === 0 ? null : Math.round(durationMs / sums.calls);
  return { ...sums, meanMs, usd: microcents / 1e8 };
}

function iso(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}
