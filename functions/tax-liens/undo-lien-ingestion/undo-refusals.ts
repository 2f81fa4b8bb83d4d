import type { Executor } from "#data/client.ts";
import type { LienIngestion } from "#data/tax-liens/ingestion-schema.ts";
import { dependentsOfIngestion, laterIngestions } from "#data/tax-liens/lien-undo.ts";
import { dependentsText } from "#rules/tax-liens/dependents-text.ts";

/** Why an ingestion cannot be undone, all reasons at once; none when it can, or when it is undone already. */
export async function undoRefusals(db: Executor, ingestion: LienIngestion): Promise<string[]> {
  const { id, state, before } = ingestion;
  if (state === "undone") return [];
  if (state === "running") return [`ingestion ${id} is running`];
  if (state === "failed") return [`ingestion ${id} failed and changed nothing`];
  if (before === null)
    return [`the earlier values of ingestion ${id} are not kept any more (INGESTION_UNDO_DAYS), or were never kept`];
  const later = await laterIngestions(db, ingestion);
  return [
    ...later.map((one) =>
      one.state === "running"
        ? `ingestion ${one.id} is running: wait for its end`
        : `ingestion ${one.id} is later: undo it first`,
    ),
    ...(await dependentsOfIngestion(db, ingestion, before)).map(dependentsText),
  ];
}
