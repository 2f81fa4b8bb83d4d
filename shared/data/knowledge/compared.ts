import { type SQL, sql } from "drizzle-orm";

/** What a comparison is valid for: every entity up to the version, by this model, down to this similarity. */
export interface Compared {
  readonly version: number;
  readonly model: string;
  readonly threshold: number;
}

/** Of a proposal: whether it was compared by the model, down to the similarity or a lower one. Null: never compared. */
export function isComparedBy({ model, threshold }: Pick<Compared, "model" | "threshold">): SQL {
  return sql`(compared_model = ${model} and compared_threshold <= ${threshold})`;
}

/** The assignments of a statement that records a comparison. */
export function setCompared({ version, model, threshold }: Compared): SQL {
  return sql`compared_version = ${version}, compared_model = ${model}, compared_threshold = ${threshold}`;
}
