import type { LienField } from "#rules/tax-liens/lien-fields.ts";
import { EVERYWHERE } from "#rules/tax-liens/list-rules.ts";
import { lienReader } from "#rules/tax-liens/read-lien.ts";
import { RULE_SETS } from "#rules/tax-liens/rule-sets.ts";
import { isFileName } from "./column-form.ts";
import { areOnlyPositions } from "./column-places.ts";
import { columnsOf, fileNameOf, fileNameTexts } from "./field-texts.ts";
import type { CountySource } from "./source-shape.ts";

interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong between the parts of a source, and values of the configuration that no row could have. */
export function sourceFaults(source: CountySource): Fault[] {
  const faults: Fault[] = [];
  const { fields } = source;
  if (source.kind === "csv" && !source.header && !areOnlyPositions(columnsOf(source))) {
    faults.push({ path: ["fields"], message: "expected positions such as 1 for all columns: the list has no header" });
  }
  for (const [field, form] of Object.entries(fields)) {
    if (isFileName(form) && fileNameTexts(source)[field as LienField] === undefined) {
      const message = `expected a pattern that the file's name has, which is ${JSON.stringify(fileNameOf(source))}`;
      faults.push({ path: ["fields", field, "fileName"], message });
    }
  }
  return [...faults, ...constantFaults(source)];
}

/** Reads constants as a row's values are read, so that one that every row would be refused for is refused now. */
function constantFaults(source: CountySource): Fault[] {
  const limits = { maxInterestRate: 100, maxBidRate: 100, oldestTaxYears: 300, futureTaxYears: 300 };
  const rules = { ...EVERYWHERE, ...limits, ruleSet: RULE_SETS.other };
  const { faults = [] } = lienReader(source, rules, 2000)({ ...source.constants, ...fileNameTexts(source) });
  return faults
    .filter(({ field }) => source.constants[field as LienField] || isFileName(source.fields[field as LienField] ?? ""))
    .map(({ field, reason }) => {
      const isConstant = source.constants[field as LienField] !== undefined;
      return { path: isConstant ? ["constants", field] : ["fields", field, "fileName"], message: reason };
    });
}
