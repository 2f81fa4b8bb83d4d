import { type FakeServer, startFakeServer } from "./fake-server.ts";
import type { Answer, Fault } from "./fault-injection.ts";
import { frankfurterDay, frankfurterRange } from "./frankfurter-format.ts";
import { lastPublishedDate, type SampleDay, sampleDays } from "./sample-rates.ts";

/** Content faults: an unknown currency, a rate that is no number, another base, an answer without rates, no JSON. */
export type FrankfurterFault = "unknown-currency" | "bad-rate" | "wrong-base" | "missing-rates" | "not-json";

export interface FakeFrankfurter extends FakeServer<FrankfurterFault> {
  /** What the Frankfurter client takes as its base URL. */
  readonly baseUrl: string;
}

/**
 * A fake server of Frankfurter's API v1 with base EUR: `/v1/latest`, `/v1/YYYY-MM-DD`, `/v1/YYYY-MM-DD..[YYYY-MM-DD]`,
 * `symbols`. It serves the same SAMPLE rates as the fake ECB server, up to the day that is published at `asOf`.
 */
export async function startFakeFrankfurter({
  port = 0,
  asOf = () => new Date(),
}: { port?: number; asOf?: () => Date } = {}): Promise<FakeFrankfurter> {
  let series: { until: string; days: SampleDay[] } | undefined;

  const server = await startFakeServer<FrankfurterFault>({
    port,
    errorBody: (status) => message(status, MESSAGES[status] ?? "something went wrong"),
    answer: (url, fault) => {
      const until = lastPublishedDate(asOf());
      if (series?.until !== until) series = { until, days: sampleDays(until) };
      return withFault(answerTo(url, series.days, asOf().toISOString().slice(0, 10)), fault);
    },
  });
  return { ...server, baseUrl: `${server.origin}/v1` };
}

const MESSAGES: Readonly<Record<number, string>> = { 404: "not found", 422: "invalid date", 429: "too many requests" };

function answerTo(url: URL, days: readonly SampleDay[], today: string): Answer {
  const [, asked = ""] = /^\/v1\/([^/]*)$/.exec(url.pathname) ?? [];
  const base = url.searchParams.get("base") ?? url.searchParams.get("from") ?? "EUR";
  if (base !== "EUR") return message(422, "this fake server supports only base EUR");
  const symbols = (url.searchParams.get("symbols") ?? url.searchParams.get("to"))?.split(",");

  if (asked === "latest") return json(frankfurterDay(days.at(-1), symbols));
  const [, from, isRange, to] = /^(\d{4}-\d{2}-\d{2})(\.\.)?(\d{4}-\d{2}-\d{2})?$/.exec(asked) ?? [];
  if (from === undefined) return message(404, "not found");
  if ([from, to ?? from].some((date) => !exists(date))) return message(422, "invalid date");
  // A day without rates is answered with the working day before it, at the start of a range too.
  const first = days.findLastIndex(({ date }) => date <= from);
  if (first < 0 && !isRange) return message(404, "not found");
  if (from > today) return message(404, "not found");
  if (!isRange) return json(frankfurterDay(days[first], symbols));
  const inRange = days.slice(Math.max(first, 0)).filter(({ date }) => date <= (to ?? today));
  return inRange.length === 0 ? message(404, "not found") : json(frankfurterRange(inRange, symbols));
}

function withFault(answer: Answer, fault: Fault<FrankfurterFault> | undefined): Answer {
  const body = answer.body.toString();
  switch (fault?.kind) {
    case "unknown-currency":
      return { ...answer, body: body.replace('"USD"', '"ZZZ"') };
    case "bad-rate":
      return { ...answer, body: body.replace(/"USD":[^,}]+/, '"USD":null') };
    case "wrong-base":
      return { ...answer, body: body.replace('"base":"EUR"', '"base":"USD"') };
    case "missing-rates":
      return { ...answer, body: body.replace('"rates"', '"prices"') };
    case "not-json":
      return { ...answer, body: "Service is being upgraded" };
    default:
      return answer;
  }
}

function json(body: string): Answer {
  return {
    type: "application/json; charset=utf-8",
    body,
    headers: { "cache-control": "public, max-age=86400", "access-control-allow-origin": "*" },
  };
}

function message(status: number, text: string): Answer {
  return { ...json(JSON.stringify({ message: text })), status };
}

function exists(date: string): boolean {
  const at = Date.parse(date);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
}
