import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { countyConfiguration } from "../../functions/http/tax-liens/county-view.ts";
import { csvList } from "../../shared/providers/county-lists/csv-list.ts";
import { columnsOf, fieldReader } from "../../shared/providers/county-lists/source.ts";
import { listRulesOf } from "../../shared/rules/tax-liens/list-rules.ts";
import { lienReader } from "../../shared/rules/tax-liens/read-lien.ts";

it("the county of the guide is configured as it says, and its list is read", async () => {
  const guide = await readFile(join(import.meta.dirname, "../../docs/tax-liens.md"), "utf8");
  const block = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(guide)![1]!;
  const { source, ruleSet, rules } = countyConfiguration.parse(JSON.parse(block("json")));
  if (source.kind !== "csv") throw new Error("expected a CSV file");
  const file = (async function* () {
    yield await Promise.resolve(Buffer.from(block("csv")));
  })();
  const read = lienReader(source, listRulesOf(ruleSet, rules), 2026);
  const liens = [];
  for await (const rows of csvList("the guide", source, () => Promise.resolve(file)).read(
    columnsOf(source),
    new AbortController().signal,
  )) {
    liens.push(...rows.map(({ values }) => read(fieldReader(source)(values))));
  }
  expect(liens).toMatchObject([
    {
      lien: {
        faceAmount: "1204.5",
        status: "available",
        propertyType: "vacant_land",
        redemptionDeadline: "2029-02-10",
      },
    },
    { lien: { faceAmount: "88.1", status: "sold", propertyType: "residential", saleDate: "2026-02-10" } },
  ]);
});
