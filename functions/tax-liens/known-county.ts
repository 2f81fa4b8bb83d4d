import { InvalidInput, issuesOf, z } from "#jobs";
import type { Executor } from "#data/client.ts";
import { findCounty } from "#data/tax-liens/counties.ts";
import type { County } from "#data/tax-liens/tax-lien-schema.ts";
import { type CountySource, countySourceSchema } from "#providers/county-lists/county-source.ts";
import { type ListRules, listRulesOf, ruleOverridesSchema } from "#rules/tax-liens/list-rules.ts";

export const countyIdText = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "expected a county's id such as coconino-az");

/** The county with how its list is read. */
export interface ReadyCounty extends Omit<County, "source" | "rules"> {
  readonly source: CountySource;
  readonly rules: ListRules;
}

/** @throws InvalidInput when there is no such county, or its configuration is none, naming each field */
export async function knownCounty(db: Executor, id: string): Promise<ReadyCounty> {
  const county = await findCounty(db, id);
  if (!county)
    throw new InvalidInput([
      { field: "countyId", reason: `there is no county ${id}: configure it with PUT api/counties/${id}` },
    ]);
  const read = z.object({ source: countySourceSchema, rules: ruleOverridesSchema }).safeParse(county);
  if (!read.success) throw new InvalidInput(issuesOf(read.error, `the county ${id}`));
  return { ...county, source: read.data.source, rules: listRulesOf(county.ruleSet, read.data.rules) };
}
