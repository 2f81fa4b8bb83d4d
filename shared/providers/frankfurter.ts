import type { CivilDate } from "#rules/civil-date.ts";
import { dayOf, daysOf } from "./frankfurter/rates-json.ts";
import { checkRange, type FxProvider } from "./fx-provider.ts";
import { outbound, type OutboundOptions } from "./outbound.ts";

const FRANKFURTER_BASE_URL = "https://api.frankfurter.dev/v1/";

export interface FrankfurterOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve" | "policy"> {
  readonly baseUrl?: string;
  readonly now?: () => Date;
}

/** The two hosts of the public service; the older one redirects to the newer one. */
const PUBLIC_HOSTS: readonly string[] = ["api.frankfurter.dev", "api.frankfurter.app"];

/** The first day of the ECB's rates; the service answers 404 to a range that ends before it. */
const FIRST_DAY: CivilDate = "1999-01-04";

/**
 * Frankfurter, API v1: the ECB's reference rates as JSON. No key. It rounds large rates, from 5,000 on to whole
 * numbers, so an IDR rate has fewer digits than the ECB's own.
 */
export function frankfurter({
  baseUrl = FRANKFURTER_BASE_URL,
  now = () => new Date(),
  ...limits
}: FrankfurterOptions = {}): FxProvider {
  const name = "frankfurter";
  const isPublic = URL.canParse(baseUrl) && PUBLIC_HOSTS.includes(new URL(baseUrl).host);
  const client = outbound({ provider: name, baseUrl, allowedHosts: isPublic ? PUBLIC_HOSTS : [], ...limits });

  return {
    name,

    async latest({ signal } = {}) {
      const { text, source } = await get("latest", signal);
      return dayOf(text, source);
    },

    async *since(start, end, { signal } = {}) {
      checkRange(name, start, end);
      for (const year of yearsOf(start, end, now().toISOString().slice(0, 10))) {
        const { text, source } = await get(`${year.start}..${year.end}`, signal);
        // When a range starts on a day without rates, the service adds the working day before it.
        yield* daysOf(text, source).filter(({ date }) => year.start <= date && date <= year.end);
      }
    },
  };

  async function get(path: string, signal: AbortSignal | undefined) {
    const response = await client.get(path, { accept: "application/json", signal });
    return { text: await response.text(), source: { provider: name, url: response.url } };
  }
}

/** The range split by calendar year, newest first, limited to the days that can have rates. Pure. */
export function yearsOf(start: CivilDate, end: CivilDate, today: CivilDate): { start: CivilDate; end: CivilDate }[] {
  const first = start < FIRST_DAY ? FIRST_DAY : start;
  const last = end > today ? today : end;
  const years: { start: CivilDate; end: CivilDate }[] = [];
  for (let year = Number(last.slice(0, 4)); year >= Number(first.slice(0, 4)); year--) {
    const [firstOfYear, lastOfYear] = [`${year}-01-01`, `${year}-12-31`];
    years.push({ start: first > firstOfYear ? first : firstOfYear, end: last < lastOfYear ? last : lastOfYear });
  }
  return first > last ? [] : years;
}
