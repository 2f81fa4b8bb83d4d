import { afterAll, beforeAll, expect, test } from "vitest";
import { type FakeEcb, startFakeEcb } from "#local/providers/fake-ecb.ts";

let now = new Date("2025-05-14T13:00:00Z");
let server: FakeEcb;
beforeAll(async () => {
  server = await startFakeEcb({ asOf: () => now });
});
afterAll(() => server.close());

const get = async (file: string) => (await fetch(server.baseUrl + file)).text();

test("files have the ECB's format", async () => {
  const csv = (await get("eurofxref-hist.csv")).split("\n");
  expect(csv[0]).toMatch(/^Date,USD,JPY,([A-Z]{3},)+$/);
  expect(csv[1]).toMatch(/^2025-05-13,[\d.]+,/);
  expect(csv.at(-2)).toMatch(/^1999-01-04,.*N\/A,.*,$/);
  expect(csv.at(-1)).toBe("");
  const daily = await get("eurofxref-daily.xml");
  expect(daily).toContain("\t\t<Cube time='2025-05-13'>\n\t\t\t<Cube currency='USD' rate='");
  expect(daily).toContain("Sample data");
  expect((await get("eurofxref-hist-90d.xml")).match(/time='/g)).toHaveLength(64);
});

test("a new day appears at 16:00 in Frankfurt", async () => {
  now = new Date("2025-05-14T14:00:00Z");
  expect(await get("eurofxref-daily.xml")).toContain("time='2025-05-14'");
});

test("a fault lasts for its number of requests, and requests are recorded", async () => {
  server.fail({ kind: "503", times: 2 });
  const statuses = [];
  for (let call = 0; call < 3; call++) statuses.push((await fetch(`${server.baseUrl}eurofxref-daily.xml`)).status);
  expect(statuses).toEqual([503, 503, 200]);
  expect(server.requests.at(-1)).toBe("GET /stats/eurofxref/eurofxref-daily.xml");
});

test("unknown paths are 404 and other methods 405", async () => {
  expect((await fetch(`${server.origin}/other`)).status).toBe(404);
  expect((await fetch(`${server.baseUrl}eurofxref-daily.xml`, { method: "POST" })).status).toBe(405);
});
