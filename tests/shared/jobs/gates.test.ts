import { expect, it } from "vitest";
import { configured, type Gate, internet, internetFor, partialRefusals, refusalOf } from "#jobs/gates.ts";

const open = { internetAllowed: true, settings: {} };
const closed = { internetAllowed: false, settings: {} };
const gate = (code: string): Gate => ({ name: code, refusal: () => ({ code, reason: `${code} is closed` }) });

it("a job without gates may always run", () => {
  expect(refusalOf([], closed)).toBeNull();
});

it("the internet gate follows ALLOW_INTERNET_SYNC and names it", () => {
  expect(refusalOf([internet], open)).toBeNull();
  expect(refusalOf([internet], closed)).toEqual({
    code: "internet-sync-disabled",
    reason: expect.stringContaining("ALLOW_INTERNET_SYNC=false") as string,
  });
});

it("the first closed gate gives the reason", () => {
  expect(refusalOf([internet, gate("first"), gate("second")], open)).toMatchObject({ code: "first" });
  expect(refusalOf([internet, gate("first")], closed)).toMatchObject({ code: "internet-sync-disabled" });
});

it("a gate that only the database checks refuses nothing here", () => {
  expect(refusalOf([{ name: "write", need: "write" }], closed)).toBeNull();
});

it("a gate of some runs refuses no job as a whole, and is listed while it is closed", () => {
  const some = internetFor(async () => [true]);
  expect(refusalOf([some], closed)).toBeNull();
  expect(partialRefusals([internet, some], open)).toEqual([]);
  expect(partialRefusals([internet, some], closed)).toMatchObject([{ refusal: { code: "internet-sync-disabled" } }]);
});

it("a gate of settings is closed while one of them has no value, and names it", () => {
  const notion = configured("Notion", "NOTION_TOKEN", "NOTION_DATA_SOURCES");
  const state = { ...open, settings: { NOTION_TOKEN: "secret" } };
  expect(refusalOf([notion], state)).toEqual({
    code: "not-configured",
    reason: "Notion is not configured: NOTION_DATA_SOURCES is not set",
  });
  expect(refusalOf([notion], { ...open, settings: { ...state.settings, NOTION_DATA_SOURCES: "1" } })).toBeNull();
});
