import type { CivilDate } from "#rules/civil-date.ts";
import { dayOf, daysOf } from "./frankfurter/answer.ts";
import { checkRange, type FxProvider } from "./fx-provider.ts";
import { outbound, type OutboundOptions } from "./outbound.ts";

const FRANKFURTER_BASE_URL = "https://api.frankfurter.dev/v1/";

export interface FrankfurterOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve"> {
  readonly baseUrl?: string;
  readonly now?: () => Date;
}

/** The public service lives under both names, and the older redirects to the newer. */
const PUBLIC_HOSTS: readonly string[] = ["api.frankfurter.dev", "api.frankfurter.app"];

/** The ECB published nothing before, and the service answers 404 to a range that ends before it. */
const FIRST_DAY: CivilDate = "1999-01-04";

/**
 * Frankfurter, API v1: the ECB's reference rates as JSON. No key. Its rates are rounded where they are large: from 5,000 on
 * to whole numbers, so an IDR rate has fewer digits than the ECB's own.
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
        // A range that starts on a day without rates begins with the working day before it, which nobody asked for.
        yield* daysOf(text, source).filter(({ date }) => year.start <= date && date <= year.end);
      }
    },
  };

  async function get(path: string, signal: AbortSignal | undefined) {
    const reply = await client.get(path, { accept: "application/json", signal });
    return { text: await reply.text(), source: { provider: name, url: reply.url } };
  }
}

/** The range cut at the turns of the years, newest first, within what can have been published. Pure. */
export function yearsOf(start: CivilDate, end: CivilDate, today: CivilDate): { start: CivilDate; end: CivilDate }[] {
  const first = start < FIRST_DAY ? FIRST_DAY : start;
  const last = end > today ? today : end;
  const years: { start: CivilDate; end: CivilDate }[] = [];
  for (let year = Number(last.slice(0, 4)); year >= Number(first.slice(0, 4)); year--) {
    const [newYear, sylvester] = [`${year}-01-01`, `${year}-12-31`];
    years.push({ start: first > newYear ? first : newYear, end: last < sylvester ? last : sylvester });
  }
  return first > last ? [] : years;
}
