import { validate, version } from "uuid";
import { describe, expect, it } from "vitest";
import { rowId, rowIds } from "#data/row-ids.ts";

const noon = new Date("2026-03-10T12:00:00Z");

function timeOf(id: string): number {
  return parseInt(id.replace("-", "").slice(0, 12), 16);
}

describe("many ids", () => {
  it("are unique UUIDs of version 7 with the given time, ascending", () => {
    const ids = [...rowIds(5_000, noon), ...rowIds(1, noon)];
    expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
    expect(new Set(ids).size).toBe(5_001);
    expect(ids.toSorted(), "those of a later call too").toEqual(ids);
    expect(new Set(ids.map(timeOf))).toEqual(new Set([noon.getTime()]));
  });

  it("ascend where the counter of a millisecond starts again", () => {
    const ids = [...rowIds(900_000, noon), ...rowIds(100_000, noon)];
    expect(ids[0]! < ids[899_999]! && ids[899_999]! < ids[900_000]! && ids[900_000]! < ids.at(-1)!).toBe(true);
  });

  it("are an empty list for zero", () => {
    expect(rowIds(0, noon)).toEqual([]);
  });
});

describe("one id", () => {
  it("is a UUID of version 7 with the given time, whatever the clock of the process shows", () => {
    const id = rowId(noon);
    expect(validate(id) && version(id)).toBe(7);
    expect(timeOf(id)).toBe(noon.getTime());
  });

  it("of the same millisecond is greater than the one before", () => {
    const ids = Array.from({ length: 1_000 }, () => rowId(noon));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(1_000);
  });

  it("follows a clock that is set back", () => {
    expect(timeOf(rowId(new Date(noon.getTime() - 1)))).toBe(noon.getTime() - 1);
  });

  it("of an instant before 1970 is valid", () => {
    expect(validate(rowId(new Date("1960-01-01T00:00:00Z")))).toBe(true);
  });
});
