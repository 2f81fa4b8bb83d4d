import { expect, test } from "vitest";
import { DEAL_STATUSES } from "#data/tax-liens/analysis-run-schema.ts";
import { DEAL_STATUSES as STATUSES_OF_RULES } from "#rules/tax-liens/deal-statuses.ts";

test("the tables and the rules have the same deal statuses", () => {
  expect(DEAL_STATUSES).toEqual(STATUSES_OF_RULES);
});
