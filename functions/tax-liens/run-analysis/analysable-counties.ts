import type { Executor } from "#data/client.ts";
import { findCounties } from "#data/tax-liens/counties.ts";
import type { County } from "#data/tax-liens/tax-lien-schema.ts";
import { withRules } from "#rules/tax-liens/county-rules.ts";

/** What keeps counties from being analysed, by the place in the list that names them; nothing when all can be. */
export async function countyFaults(
  db: Executor,
  countyIds: readonly string[],
): Promise<{ field: string; reason: string }[]> {
  const known = new Map((await findCounties(db, countyIds)).map((county) => [county.id, county]));
  return countyIds.flatMap((id, i) => {
    const reason = faultOf(id, known.get(id));
    return reason === null ? [] : [{ field: `constraints.counties.${i}`, reason }];
  });
}

function faultOf(id: string, county: County | undefined): string | null {
  if (!county) return `there is no county ${id}`;
  try {
    withRules({ ruleSet: county.ruleSet, countyRules: county.rules });
    return null;
  } catch (error) {
    if (error instanceof RangeError) return `the rules of ${id} make no figures possible: ${error.message}`;
    throw error;
  }
}
