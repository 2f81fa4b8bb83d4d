import { readFile } from "node:fs/promises";
import { sample } from "#support/sample-data.ts";
import { FAULTY_LISTS } from "../shared/providers/county-lists/faulty-lists.ts";
import { Rehearsal, type RehearsedList } from "./county-lists/rehearsal.ts";
import { runInEnvironment } from "./environment/checks.ts";

/**
 * Each sample list through preview, ingestion, the same list again, a changed list, and the undo of all of them, as a
 * table. The preview agrees with the ingestion, the same list changes nothing, and each undo restores every row. It
 * skips lists that are not on this machine.
 *
 *   npx node tests/load/county-lists.ts
 */
interface SampleList extends Pick<RehearsedList, "source" | "ruleSet"> {
  readonly file: string;
  /** The file of the list that follows. */
  readonly next?: string;
}

const LISTS: readonly SampleList[] = [
  {
    file: "tax-liens/baltimore-md-tax-sale-2018.csv",
    source: {
      fields: {
        parcelId: "block_lot",
        faceAmount: "lien",
        assessedValue: "assessed_value",
        owner: "Owner_Name",
        address: "Address",
      },
      constants: { taxYear: "2018" },
    },
    ruleSet: "maryland",
  },
  {
    file: "tax-liens/allen-in-tax-sale-2026.csv",
    source: {
      fields: {
        parcelId: "Parcel ID",
        certificateNumber: "Sale Item Number",
        faceAmount: "Minimum Bid",
        address: "Property Address",
        city: "City",
        zip: "Zip",
        legalDescription: "Legal Description",
      },
      constants: { taxYear: "2025" },
    },
    ruleSet: "other",
  },
  {
    file: "tax-liens/coconino-az-otc-tax-liens-2026.csv",
    source: {
      fields: { parcelId: "Parcel Number", faceAmount: "Lien Purchase Amount" },
      constants: { taxYear: "2025" },
    },
    ruleSet: "arizona",
  },
  {
    file: "faults/county-lists/unclosed-quotes-first.csv",
    next: "faults/county-lists/unclosed-quotes-second.csv",
    source: {
      fields: {
        parcelId: "Parcel",
        certificateNumber: "Cert",
        taxYear: "Year",
        faceAmount: "Amount",
        status: "Status",
        owner: "Owner",
      },
    },
    ruleSet: "other",
  },
];

const columns = [
  ...["list", "rows", "liens", "refused", "findings", "preview s", "ingest s", "again", "again s"],
  ...["changed list", "undo s", "not restored", "doubt"],
];
const WIDTHS = [31, 6, 6, 7, 42, 9, 8, 6, 7, 24, 6, 12, 0];
const row = (cells: readonly (string | number)[]) => {
  console.log(cells.map((cell, n) => String(cell).padEnd(WIDTHS[n]!)).join("  "));
};

await runInEnvironment("Lists of counties", async (environment, checks) => {
  const rehearsal = await Rehearsal.open(environment.settings.DATABASE_URL!);
  const faulty: SampleList[] = FAULTY_LISTS.map(({ file, source }) => ({
    file: `faults/county-lists/${file}`,
    source,
    ruleSet: "other",
  }));
  const wrong = { preview: [] as string[], again: [] as string[], undo: [] as string[] };
  row(columns);
  for (const [n, { file, next, source, ruleSet }] of [...LISTS, ...faulty].entries()) {
    const path = sample(file);
    if (!path) continue;
    const isJson = file.endsWith(".json");
    const list: RehearsedList = {
      county: `list-${n}-az`,
      type: isJson ? "application/json" : "text/csv",
      body: await readFile(path),
      source: { ...(isJson && { kind: "json", paging: null }), ...source },
      ruleSet,
      next: next === undefined ? undefined : await readFile(sample(next)!),
    };
    const { preview, first, second, changed, undoSeconds, differences } = await rehearsal.rehearse(list);
    const found = [...preview.faults, ...preview.warnings].map(({ field, code, rows }) => `${rows} ${field} ${code}`);
    const change = changed && `+${changed.created} ~${changed.updated} -${changed.notListed} !${changed.failed}`;
    row([
      ...[file.replace(/.*\//, ""), preview.read, first.created, first.failed, found.join(", ") || "-"],
      ...[preview.seconds.toFixed(2), first.seconds.toFixed(2), second.created + second.updated + second.notListed],
      ...[second.seconds.toFixed(2), change ?? "-", undoSeconds.toFixed(2), differences.undone + differences.empty],
      first.doubt ?? preview.doubt ?? "-",
    ]);
    if (first.created !== preview.changes.created) wrong.preview.push(file);
    if (differences.again > 0) wrong.again.push(file);
    if (differences.undone + differences.empty > 0) wrong.undo.push(file);
  }
  await rehearsal.close();
  checks.equal("lists of which the preview promised other liens", wrong.preview.join(", "), "");
  checks.equal("lists that changed rows when they came again", wrong.again.join(", "), "");
  checks.equal("lists whose undo did not restore each row", wrong.undo.join(", "), "");
});
