import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { countySourceSchema } from "#providers/county-lists/county-source.ts";
import { sample } from "#support/sample-data.ts";
import { FAULTY_LISTS } from "./faulty-lists.ts";
import { readCountyList } from "./read-county-list.ts";

it.each(FAULTY_LISTS)(
  "$file is read as the configuration states: $source",
  async ({ file, source, liens = [], refused = [], ...rest }) => {
    const path = sample(`faults/county-lists/${file}`);
    if (!path) return;
    const kind = file.endsWith(".json") ? { kind: "json", paging: null } : {};
    const read = await readCountyList({ ...kind, ...source }, readFileSync(path));
    expect(read.liens).toMatchObject(liens);
    expect(read.liens).toHaveLength(liens.length);
    expect(read.refused).toEqual(refused);
    expect(read).toMatchObject(rest);
  },
);

it("two amounts that a configuration would join are refused when it is written", () => {
  const fields = { parcelId: "parcel", faceAmount: ["bid", "purchase"] };
  const joined = { kind: "csv", url: "https://county.example/list", fields, constants: { taxYear: "2025" } };
  const { error } = countySourceSchema.safeParse(joined);
  expect(error?.issues).toMatchObject([
    { path: ["fields", "faceAmount"], message: expect.stringContaining('{"sum": […]}') as string },
  ]);
});
