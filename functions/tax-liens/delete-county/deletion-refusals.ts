import type { Executor } from "#data/client.ts";
import { runningIngestions } from "#data/tax-liens/county-deletion.ts";
import { dependentsOfCounty } from "#data/tax-liens/lien-undo.ts";
import type { County } from "#data/tax-liens/tax-lien-schema.ts";
import type { FieldFault } from "#http/problem.ts";
import { dependentsText } from "#rules/tax-liens/dependents-text.ts";

/** Why a county cannot be deleted, all reasons at once. @param name the confirmation */
export async function deletionRefusals(db: Executor, county: County, name: string): Promise<FieldFault[]> {
  const running = await runningIngestions(db, county.id);
  const dependents = await dependentsOfCounty(db, county.id);
  return [
    ...(name === county.name
      ? []
      : [{ field: "name", reason: `expected ${JSON.stringify(county.name)}, as it has it` }]),
    ...running.map((id) => ({ field: "id", reason: `ingestion ${id} is running: wait for its end` })),
    ...dependents.map((one) => ({ field: "id", reason: dependentsText(one) })),
  ];
}
