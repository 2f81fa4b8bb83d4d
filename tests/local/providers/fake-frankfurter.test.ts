import { afterAll, beforeAll, expect, test } from "vitest";
import { type FakeFrankfurter, startFakeFrankfurter } from "#local/providers/fake-frankfurter.ts";

let server: FakeFrankfurter;
beforeAll(async () => {
  server = await startFakeFrankfurter({ asOf: () => new Date("2025-05-14T15:00:00Z") });
});
afterAll(() => server.close());

interface Body {
  readonly date?: string;
  readonly start_date?: string;
  readonly end_date?: string;
  readonly rates?: object;
  readonly message?: string;
}

async function get(path: string): Promise<{ status: number; body: Body }> {
  const response = await fetch(`${server.baseUrl}/${path}`);
  return { status: response.status, body: (await response.json()) as Body };
}

test("answers have Frankfurter's format, with numbers as Ruby writes them", async () => {
  const text = await (await fetch(`${server.baseUrl}/latest`)).text();
  expect(text).toMatch(/^\{"amount":1\.0,"base":"EUR","date":"2025-05-14","rates":\{"AUD":\d+\.\d+,.*"IDR":\d{5},/);
  expect((await get("latest?symbols=USD,JPY")).body.rates).toEqual({
    JPY: expect.any(Number) as number,
    USD: expect.any(Number) as number,
  });
});

test("a day without rates returns the previous working day", async () => {
  expect((await get("2025-05-11")).body.date).toBe("2025-05-09");
  const { body } = await get("2025-05-11..2025-05-13");
  expect(Object.keys(body.rates ?? {})).toEqual(["2025-05-09", "2025-05-12", "2025-05-13"]);
  expect(body).toMatchObject({ start_date: "2025-05-09", end_date: "2025-05-13" });
  expect((await get("2025-05-12..")).body.end_date).toBe("2025-05-14");
});

test.each([
  ["1998-12-31", 404, "not found"],
  ["2025-06-01..2025-06-30", 404, "not found"],
  ["currencies-of-the-moon", 404, "not found"],
  ["2025-02-30", 422, "invalid date"],
])("%s is %i", async (path, status, message) => {
  expect(await get(path)).toEqual({ status, body: { message } });
});
