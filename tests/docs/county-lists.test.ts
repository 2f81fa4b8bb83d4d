import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { countySourceSchema } from "#providers/county-lists/county-source.ts";
import { sourceShape } from "#providers/county-lists/source-shape.ts";
import { LIEN_FIELDS } from "#rules/tax-liens/lien-fields.ts";
import { ruleOverridesSchema } from "#rules/tax-liens/list-rules.ts";
import { readCountyList } from "../shared/providers/county-lists/read-county-list.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/county-lists.md"), "utf8");

const examples = PAGE.split(/^### /m)
  .slice(1)
  .map((section) => {
    const title = section.slice(0, section.indexOf("\n"));
    const [source = "", list = "", liens = ""] = [...section.matchAll(/^```\w+\n(.*?)^```/gms)].map(
      ([, text]) => text!,
    );
    return { title, source: JSON.parse(source) as Record<string, unknown>, list, liens: JSON.parse(liens) as object[] };
  });

it("the page has an example of each shape", () => {
  expect(examples.map(({ title }) => title)).toEqual([
    "CSV with a header",
    "CSV without a header",
    "JSON of Socrata",
    "JSON of ArcGIS",
    "HTML table",
    "A file that gzip packed",
  ]);
});

it.each(examples)("$title is read as the page shows", async ({ title, source, list, liens }) => {
  expect(countySourceSchema.safeParse(source).error).toBeUndefined();
  const { url, ...given } = source;
  const file = new URL(String(url)).pathname.split("/").at(-1)!;
  const isPaged = typeof source.paging === "object" && source.paging !== null;
  const served = isPaged ? { ...given, paging: null } : given;
  const read = await readCountyList(served, title.includes("gzip") ? gzipSync(list) : list, { file });
  expect(read.refused).toEqual([]);
  expect(read.liens).toMatchObject(liens);
  expect(read.liens).toHaveLength(liens.length);
  expect(read).toMatchObject({ warnings: [], doubt: null });
});

it("the page names every field, option and rule", () => {
  const options = sourceShape.options.flatMap((option) => Object.keys(option.shape));
  const names = [...LIEN_FIELDS, ...options, ...Object.keys(ruleOverridesSchema.shape)];
  expect(names.filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
});
