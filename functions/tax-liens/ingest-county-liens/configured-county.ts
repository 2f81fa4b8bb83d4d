import type { Executor } from "#data/client.ts";
import { findCounty } from "#data/tax-liens/counties.ts";
import type { County } from "#data/tax-liens/tax-lien-schema.ts";
import { newestUpload } from "#data/tax-liens/uploaded-lists.ts";
import { InvalidInput, issuesOf, z } from "#jobs";
import { type CountySource, countySourceSchema } from "#providers/county-lists/county-source.ts";
import { type ListRules, listRulesOf, ruleOverridesSchema } from "#rules/tax-liens/list-rules.ts";

/** A county with the checked configuration of its list. */
export interface ConfiguredCounty extends Omit<County, "source" | "rules"> {
  readonly source: CountySource;
  readonly rules: ListRules;
}

/** @throws InvalidInput when the county does not exist, or its configuration is invalid, naming each field */
export async function configuredCounty(db: Executor, id: string): Promise<ConfiguredCounty> {
  const county = await findCounty(db, id);
  if (!county) {
    const reason = `there is no county ${id}: configure it with PUT api/counties/${id}`;
    throw new InvalidInput([{ field: "countyId", reason }]);
  }
  const read = z.object({ source: countySourceSchema, rules: ruleOverridesSchema }).safeParse(county);
  if (!read.success) throw new InvalidInput(issuesOf(read.error, `the county ${id}`));
  const source = await withUpload(db, id, read.data.source);
  return { ...county, source, rules: listRulesOf(county.ruleSet, read.data.rules) };
}

/** The source with the blob of the file that was uploaded last, where it is one of uploads. */
async function withUpload(db: Executor, id: string, source: CountySource): Promise<CountySource> {
  if (source.kind !== "csv" || !source.upload) return source;
  const list = await newestUpload(db, id);
  if (list) return { ...source, blob: list.blob };
  const reason = `no list of ${id} was uploaded: POST api/counties/${id}/lists`;
  throw new InvalidInput([{ field: "countyId", reason }]);
}
