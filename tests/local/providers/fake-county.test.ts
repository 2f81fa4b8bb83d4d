import { afterAll, beforeAll, expect, it } from "vitest";
import { type FakeCounty, startFakeCounty } from "#local/providers/fake-county.ts";
import { sampleLiens } from "#local/providers/sample-liens.ts";

let county: FakeCounty;
beforeAll(async () => {
  county = await startFakeCounty({ asOf: () => new Date("2026-11-22T12:00:00Z") });
});
afterAll(() => county.close());

const bytesOf = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());

it("the list has a county's format: a title, a header, quoted cells, CRLF and windows-1252", async () => {
  const bytes = await bytesOf(county.listUrl);
  const lines = bytes.toString("latin1").split("\r\n");
  expect(lines[0]).toContain("SAMPLE DATA");
  expect(lines[1]).toMatch(/^"Parcel Number","Certificate No\.","Tax Year",/);
  expect(lines[2]).toMatch(/^"1\d\d-\d\d-\d{3}","CP-2026-\d{5}","2025","\$[\d,]+\.\d\d",/);
  expect(lines).toHaveLength(2 + 507 + 1);
  expect(bytes.includes(Buffer.from("JOS\u00c9", "latin1"))).toBe(true);
});

it("the list stays the same until the next sale", () => {
  const list = (day: string) => JSON.stringify(sampleLiens(new Date(`${day}T00:00:00Z`)));
  expect(list("2026-02-10")).toBe(list("2027-02-09"));
  expect(list("2027-02-10")).not.toBe(list("2027-02-09"));
});

it("faults remove a column and most of the rows", async () => {
  county.fail({ kind: "missing-column", times: 1 });
  county.fail({ kind: "shrunk", times: 1 });
  expect((await bytesOf(county.listUrl)).includes("Amount Due")).toBe(false);
  expect((await bytesOf(county.listUrl)).toString("latin1").split("\r\n").length).toBeLessThan(60);
});
