import { type CountyOverrides, withRules } from "./county-rules.ts";

/** A county as far as an analysis depends on it. */
interface County {
  readonly id: string;
  readonly ruleSet: string;
  readonly rules: CountyOverrides;
}

/**
 * Why counties cannot be analysed, one fault for each that cannot, by its position in the list.
 * @param counties those of the list that exist
 */
export function countyFaults(
  countyIds: readonly string[],
  counties: readonly County[],
): { field: string; reason: string }[] {
  const known = new Map(counties.map((county) => [county.id, county]));
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
    if (error instanceof RangeError) return `the rules of ${id} allow no metrics: ${error.message}`;
    throw error;
  }
}
