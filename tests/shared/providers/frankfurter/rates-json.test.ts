import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseExactJson } from "#providers/exact-json.ts";
import { dayOf, daysOf } from "#providers/frankfurter/rates-json.ts";
import { providerErrorOf } from "../scripted-server.ts";

const source = { provider: "frankfurter", url: "https://frankfurter.example/v1/latest" };
const DAY = '{"amount":1.0,"base":"EUR","date":"2025-05-09","rates":{"IDR":18607,"USD":1.10,"XOF":1.2e-05}}';
const RANGE =
  '{"amount":1.0,"base":"EUR","start_date":"2025-05-08","end_date":"2025-05-09",' +
  '"rates":{"2025-05-08":{"USD":1.1297},"2025-05-09":{"USD":1.1252}}}';

test("a day has its rates with the digits as sent, never in exponent notation", () => {
  expect(dayOf(DAY, source)).toEqual({
    date: "2025-05-09",
    source: "frankfurter",
    rates: [
      { quote: "IDR", rate: "18607" },
      { quote: "USD", rate: "1.10" },
      { quote: "XOF", rate: "0.000012" },
    ],
  });
});

test("a range is returned newest first, as by every provider", () => {
  expect(daysOf(RANGE, source).map(({ date }) => date)).toEqual(["2025-05-09", "2025-05-08"]);
});

test("a response that is cut off at any position is transient", async () => {
  for (let length = 0; length < RANGE.length; length++) {
    const trouble = await providerErrorOf(async () => daysOf(RANGE.slice(0, length), source));
    expect(trouble).toMatchObject({ errorClass: "transient" });
    expect(trouble.message).toBe(`the response of frankfurter is cut short or damaged: ${source.url}`);
  }
});

test.each([
  ["text", "upgrading", "is no JSON"],
  ["a list", "[]", "is no JSON object"],
  ["another base", DAY.replace("EUR", "USD"), 'has base "USD", expected "EUR"'],
  ["another amount", DAY.replace('"amount":1.0', '"amount":10.0'), 'is for an amount of "10.0", expected 1'],
  ["no rates", DAY.replace("rates", "prices"), "has no rates for 2025-05-09"],
  ["empty rates", DAY.replace(/"rates":.*/, '"rates":{}}'), "has no rates for 2025-05-09"],
  ["no date", DAY.replace('"date"', '"day"'), 'has a day "", expected YYYY-MM-DD'],
  ["an unknown currency", DAY.replace("USD", "ZZZ"), 'has an unknown currency "ZZZ" for 2025-05-09'],
  ["a rate that is null", DAY.replace("1.10", "null"), "has null for USD on 2025-05-09, expected a positive decimal"],
  ["a negative rate", DAY.replace("1.10", "-1.10"), 'has "-1.10" for USD'],
  ["a rate of zero", DAY.replace("1.10", "0.0"), 'has "0.0" for USD'],
])("%s is refused", async (_what, text, sentence) => {
  const trouble = await providerErrorOf(async () => dayOf(text, source));
  expect(trouble).toMatchObject({ errorClass: "validation", provider: "frankfurter", url: source.url });
  expect(trouble.message).toContain(sentence);
});

test("a range without rates is refused", async () => {
  const trouble = await providerErrorOf(async () => daysOf('{"base":"EUR"}', source));
  expect(trouble.message).toContain("has no rates");
});

const SAMPLES = "../shared/data/fx/frankfurter-samples.json";
describe.skipIf(!existsSync(SAMPLES))("recorded answers (skipped where ../shared/data is missing)", () => {
  const bodyOf = (name: string) => {
    const samples = JSON.parse(readFileSync(SAMPLES, "utf8")) as Record<string, { body: object }>;
    return JSON.stringify(samples[name]?.body);
  };

  test.each(["v1_range_recorded", "v1_range_recorded_2"])("%s has as many points as it has numbers", (name) => {
    const body = bodyOf(name);
    const days = daysOf(body, source);
    const { rates } = parseExactJson(body) as { rates: Record<string, Record<string, string>> };
    expect(
      Object.fromEntries(
        days.map((day) => [day.date, Object.fromEntries(day.rates.map(({ quote, rate }) => [quote, rate]))]),
      ),
    ).toEqual(rates);
  });

  test("the response of latest is parsed", () => {
    expect(dayOf(bodyOf("v1_latest_shape"), source)).toMatchObject({ date: "1999-01-04", rates: { length: 4 } });
  });

  test("the response of the newer API is refused", async () => {
    expect(await providerErrorOf(async () => dayOf(bodyOf("v2_rates"), source))).toMatchObject({
      errorClass: "validation",
    });
  });
});
