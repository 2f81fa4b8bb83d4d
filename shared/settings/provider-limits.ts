import { milliseconds } from "#schedule/duration.ts";
import { checkZoneName } from "#schedule/zone-name.ts";

/** One limit of a provider: a rate, or a quota of a calendar day or month. */
export type ProviderLimit = {
  /** As written: `3/1s`, `search 5/1s`, `800/day`. */
  readonly name: string;
  readonly maxCalls: number;
  /** The part of the provider's API that it holds for: a name of `API_PARTS`. Default: all calls. */
  readonly part?: ApiPart;
} & (
  | { readonly kind: "rate"; readonly periodMs: number }
  | { readonly kind: "quota"; readonly resets: "day" | "month"; readonly zone: string }
);

/** Parts of APIs that have limits of their own, by the path of the URL. */
export const API_PARTS = {
  /** HubSpot's CRM search. */
  search: /\/search\/?$/,
  /** Twilio's phone calls. */
  calls: /\/Calls(\.json)?$/,
} as const;
type ApiPart = keyof typeof API_PARTS;

/**
 * The limits of each provider as they document them, for the plan that costs nothing where there are several.
 * PROVIDER_LIMITS replaces those of single providers. A provider that is not here has no limit of ours; what it asks
 * for with `Retry-After` holds for all.
 */
export const DEFAULT_LIMITS: ReadonlyMap<string, string> = new Map([
  ["notion", "3/1s"],
  // Burst and daily limits of a private app of a free or Starter account; CRM search has its own.
  ["hubspot", "search 5/1s, 100/10s, 250000/day"],
  ["n8n", "10/1s"],
  ["telegram", "30/1s"],
  ["twilio", "calls 1/1s, 30/1s"],
  ["alpha-vantage", "5/1m, 25/day"],
  ["twelve-data", "8/1m, 800/day"],
  ["yahoo", "20/1s"],
  ["llm", "500/1m"],
  ["embeddings", "3000/1m"],
]);

/** More calls are counted in a shorter period at the same rate: each call stores the starts of the others. */
const LARGEST_RATE = 100;

/**
 * Reads the limits of one provider: `search 5/1s, 100/10s, 250000/day America/Chicago`.
 * @throws Error whose message is what was expected
 */
export function readLimits(text: string): ProviderLimit[] {
  return text.split(",").map((one) => {
    const name = one.trim().replace(/\s+/g, " ");
    const match = /^(?:([a-z]+) )?(\d+)\/(\d+(?:s|m|h)|day|month)(?: ([\w+/-]+))?$/.exec(name);
    const [, part, digits, period = "", zone] = match ?? [];
    const maxCalls = Number(digits);
    const isQuota = period === "day" || period === "month";
    if (!match || maxCalls < 1 || maxCalls > 1e9 || (zone && !isQuota)) throw new Error(EXPECTED);
    if (part !== undefined && !Object.hasOwn(API_PARTS, part)) throw new Error(EXPECTED);
    const shared = { name, maxCalls, ...(part && { part: part as ApiPart }) };
    if (isQuota) return { ...shared, kind: "quota", resets: period, zone: knownZone(zone) };
    const periodMs = milliseconds(period);
    if (periodMs < 1) throw new Error(EXPECTED);
    if (maxCalls <= LARGEST_RATE) return { ...shared, kind: "rate", periodMs };
    return { ...shared, kind: "rate", maxCalls: LARGEST_RATE, periodMs: (periodMs * LARGEST_RATE) / maxCalls };
  });
}

function knownZone(zone = "UTC"): string {
  checkZoneName(zone, (fault) => {
    throw new Error(`${EXPECTED}; ${fault}`);
  });
  return zone;
}

const EXPECTED = `limits such as "notion=3/1s; hubspot=search 5/1s, 190/10s, 650000/day": calls per period of s, m or h, per day or per month (with a time zone where it is not UTC), before it one of the parts ${Object.keys(API_PARTS).join(", ")}`;

/** Reads the limits of several providers: `notion=3/1s; hubspot=190/10s`. `none` takes the limits of one away. */
export function readProviderLimits(text: string): ReadonlyMap<string, readonly ProviderLimit[]> {
  const found = new Map<string, readonly ProviderLimit[]>();
  for (const one of text.split(";")) {
    const [, provider, limits] = /^\s*([a-z][\w:.-]*)\s*=\s*(.+?)\s*$/.exec(one) ?? [];
    if (provider === undefined || limits === undefined) throw new Error(EXPECTED);
    found.set(provider, limits === "none" ? [] : readLimits(limits));
  }
  return found;
}

/** The limits of a provider: those of the settings, else its documented ones. */
export function limitsOf(
  provider: string,
  changed: ReadonlyMap<string, readonly ProviderLimit[]> | undefined,
): readonly ProviderLimit[] {
  const documented = DEFAULT_LIMITS.get(provider);
  return changed?.get(provider) ?? (documented === undefined ? [] : readLimits(documented));
}

/** Whether a limit holds for calls of this path. */
export function holdsFor({ part }: Pick<ProviderLimit, "part">, path: string): boolean {
  return part === undefined || API_PARTS[part].test(path);
}
