import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type FakeFrankfurter,
  type FrankfurterFault,
  startFakeFrankfurter,
} from "#local/providers/fake-frankfurter.ts";
import type { Fault } from "#local/providers/fault-injection.ts";
import { SAMPLE_CURRENCIES, sampleDays } from "#local/providers/sample-rates.ts";
import { frankfurter, yearsOf } from "#providers/frankfurter.ts";
import { all, providerErrorOf, scriptedServer } from "./scripted-server.ts";

const NOW = new Date("2025-05-14T15:00:00Z");

let standIn: FakeFrankfurter;
beforeAll(async () => {
  standIn = await startFakeFrankfurter({ asOf: () => NOW });
});
afterEach(() => {
  standIn.recover();
});
afterAll(() => standIn.close());

const provider = (stallMs = 30_000) => frankfurter({ baseUrl: standIn.baseUrl, now: () => NOW, stallMs });

test("the latest day is the newest published one", async () => {
  const day = await provider().latest();
  expect(day).toMatchObject({ date: "2025-05-14", source: "frankfurter" });
  expect(day.rates.find(({ quote }) => quote === "USD")?.rate).toMatch(/^\d\.\d+$/);
});

test("a range is requested year by year, newest first, and has each published day once", async () => {
  const asked = standIn.requests.length;
  const days = await all(provider().since("2023-06-03", "2025-05-14"));
  expect(standIn.requests.slice(asked)).toEqual([
    "GET /v1/2025-01-01..2025-05-14",
    "GET /v1/2024-01-01..2024-12-31",
    "GET /v1/2023-06-03..2023-12-31",
  ]);
  // Each of the three begins on a day without rates, so each answer begins with a day that was not called for.
  const published = sampleDays("2025-05-14").filter(({ date }) => date >= "2023-06-03");
  expect(days.map(({ date }) => date)).toEqual(published.map(({ date }) => date).reverse());
  const points = published.reduce((sum, { rates }) => sum + rates.filter((rate) => rate !== undefined).length, 0);
  expect(days.reduce((sum, { rates }) => sum + rates.length, 0)).toBe(points);
  expect(SAMPLE_CURRENCIES).toHaveLength(31);
});

test("a range without rates is empty, and a range in the future sends no request", async () => {
  expect(await all(provider().since("2025-05-10", "2025-05-11"))).toEqual([]);
  const asked = standIn.requests.length;
  expect(await all(provider().since("2025-06-01", "2025-06-30"))).toEqual([]);
  expect(standIn.requests).toHaveLength(asked);
});

test("a range is split by year, within the days that can have rates", () => {
  expect(yearsOf("1990-01-01", "2000-03-01", "2025-05-14")).toEqual([
    { start: "2000-01-01", end: "2000-03-01" },
    { start: "1999-01-04", end: "1999-12-31" },
  ]);
  expect(yearsOf("2025-05-13", "2025-12-31", "2025-05-14")).toEqual([{ start: "2025-05-13", end: "2025-05-14" }]);
  expect(yearsOf("1998-01-01", "1998-12-31", "2025-05-14")).toEqual([]);
});

test("dates that do not exist are refused without a request", async () => {
  expect(await providerErrorOf(() => all(provider().since("2025-02-29", "2025-03-01")))).toMatchObject({
    errorClass: "validation",
    message: 'frankfurter was not called: expected the start date as YYYY-MM-DD, got "2025-02-29"',
  });
});

describe("each fault has its error class and a message", () => {
  const faults: [Fault<FrankfurterFault>["kind"], string, string][] = [
    ["500", "transient", "frankfurter answered 500 Internal Server Error"],
    ["429", "rate_limited", '"too many requests" (asks to wait 7 s)'],
    ["403", "auth", "frankfurter answered 403 Forbidden"],
    ["404", "validation", "frankfurter answered 404 Not Found to GET"],
    ["html", "transient", "answered with a web page where application/json was expected"],
    ["truncated", "transient", "closed the connection before its answer was complete"],
    ["cut-short", "transient", "is cut short or damaged"],
    ["empty", "transient", "is cut short or damaged"],
    ["unknown-currency", "validation", 'has an unknown currency "ZZZ"'],
    ["bad-rate", "validation", "has null for USD"],
    ["wrong-base", "validation", 'has base "USD", expected "EUR"'],
    ["missing-rates", "validation", "has no rates"],
    ["not-json", "validation", "is no JSON"],
    ["hang", "transient", "sent nothing for 100 ms"],
    ["stall", "transient", "sent nothing for 100 ms"],
  ];
  test.each(faults)("%s is %s", async (kind, errorClass, sentence) => {
    standIn.fail({ kind });
    const trouble = await providerErrorOf(() => provider(kind === "hang" || kind === "stall" ? 100 : 30_000).latest());
    expect(trouble).toMatchObject({ provider: "frankfurter", errorClass });
    expect(trouble.message).toContain(sentence);
  });

  test("the days before the failed year were yielded", async () => {
    const seen: string[] = [];
    const trouble = await providerErrorOf(async () => {
      for await (const { date } of provider().since("2024-01-01", "2025-05-14")) {
        if (seen.push(date) === 1) standIn.fail({ kind: "503" });
      }
    });
    expect(trouble.errorClass).toBe("transient");
    expect(seen.at(-1)).toBe("2025-01-01");
  });
});

test("a redirect is followed on the service's own hosts, not to another one", async () => {
  const moved = await scriptedServer((request, response) => {
    const location = request.url === "/v1/latest" ? "/v2/latest" : "https://evil.example/latest";
    if (request.url === "/v2/latest") {
      response.end('{"amount":1.0,"base":"EUR","date":"2025-05-14","rates":{"USD":1.1252}}');
    } else response.writeHead(301, { location }).end();
  });
  expect(await frankfurter({ baseUrl: `${moved.url}v1` }).latest()).toMatchObject({ date: "2025-05-14" });
  const trouble = await providerErrorOf(() => frankfurter({ baseUrl: `${moved.url}old` }).latest());
  expect(trouble.message).toContain("evil.example is not one of its hosts");
});
