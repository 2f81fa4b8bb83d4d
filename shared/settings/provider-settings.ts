import { readProviderLimits } from "./provider-limits.ts";
import { duration, type Setting, whole } from "./setting.ts";

/** US dollars for a million tokens. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
}

/** The provider layer: rate limits, quotas and circuit breakers, which all processes share. */
export const PROVIDER_SETTINGS = {
  PROVIDER_LIMITS: {
    about:
      'Limits of single providers in place of the documented ones (docs/providers.md), such as "notion=3/1s; hubspot=search 5/1s, 190/10s, 650000/day"; "none" takes them away.',
    read: readProviderLimits,
  },
  PROVIDER_BREAKER_FAILURES: whole(1, 1_000, {
    about:
      "Consecutive failures of a provider (no response, a timeout, a status of 500 or more) that open its circuit breaker.",
    fallback: "5",
  }),
  PROVIDER_PROBE_DELAY: duration("1s", "1h", {
    about:
      "Delay of the first probe of a provider whose circuit breaker has opened. It doubles with each probe that fails.",
    fallback: "30s",
  }),
  PROVIDER_PROBE_MAX_DELAY: duration("1s", "1h", {
    about: "Longest delay between two probes of a provider.",
    fallback: "5m",
  }),
  PROVIDER_LONGEST_OUTAGE: duration("1m", "720h", {
    about:
      "Runs wait for a provider that is down for this long without spending attempts. After that their failures count, and they become dead letters.",
    fallback: "24h",
  }),
  LLM_PRICES: {
    about: "What the language model costs, in US dollars for a million tokens of input and of output: 0.40/1.60.",
    read(text): TokenPrices {
      const [, input, output] = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text) ?? [];
      if (input === undefined || output === undefined) throw new Error("two prices such as 0.40/1.60");
      return { input: Number(input), output: Number(output) };
    },
  },
  EMBEDDINGS_PRICE: {
    about: "What embeddings cost, in US dollars for a million tokens: 0.02.",
    read(text): number {
      if (!/^\d+(\.\d+)?$/.test(text)) throw new Error("a price such as 0.02");
      return Number(text);
    },
  },
  API_CALLS_RETENTION_DAYS: whole(1, 3_650, {
    about: "Days that the counts of calls to providers are kept. The same hour of four weeks needs 28.",
    fallback: "35",
  }),
} satisfies Record<string, Setting<unknown>>;
