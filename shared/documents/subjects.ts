import type { Executor } from "../data/client.ts";
import { liensForMetrics } from "../data/tax-liens/deal-metrics.ts";
import { findLienWhole } from "../data/tax-liens/documents.ts";
import { InvalidInput } from "../jobs/endings.ts";
import { dealMemoFacts, type FiguresOn } from "./deal-memo-facts.ts";
import { dueDiligenceFacts } from "./due-diligence-facts.ts";

/** What a document may be about instead of being given its facts, by the field that names it; one of them is not null. */
export interface Subject {
  readonly lienId: number | null;
}

/** Undefined where there is no such thing. */
type Reader<Id> = (db: Executor, id: NonNullable<Id>, on: FiguresOn) => Promise<unknown>;
type Readers = { readonly [Field in keyof Subject]?: Reader<Subject[Field]> };

/** How the facts of a template are read off the tables. What is not here has to be given its facts. */
const READERS: Readonly<Record<string, Readers>> = {
  deal_memo: {
    async lienId(db, id, on) {
      const [whole, [stored]] = [await findLienWhole(db, id, on.asOf), await liensForMetrics(db, [id], on.asOf)];
      return whole && stored && dealMemoFacts(whole, stored, on);
    },
  },
  lien_due_diligence: {
    async lienId(db, id, on) {
      const whole = await findLienWhole(db, id, on.asOf);
      return whole && dueDiligenceFacts(whole, on.asOf);
    },
  },
};

/**
 * The facts of a document about a subject, as the tables know it on a day.
 * @throws InvalidInput naming the field: there is no such thing, no such template is written about it, or its county's rules
 * make no sense
 */
export async function factsAbout(db: Executor, template: string, subject: Subject, on: FiguresOn): Promise<unknown> {
  const readers: Readers = Object.hasOwn(READERS, template) ? READERS[template]! : {};
  const [field, id] = named(subject);
  const read = readers[field] as Reader<unknown> | undefined;
  if (!read) {
    const known = ["facts", ...Object.keys(readers)].join(" or ");
    throw new InvalidInput([{ field, reason: `a ${template} is not written about that: expected ${known}` }]);
  }
  try {
    const facts = await read(db, id, on);
    if (facts !== undefined) return facts;
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidInput([{ field, reason: error.message }]);
    throw error;
  }
  throw new InvalidInput([{ field, reason: `there is no ${WHAT[field]} ${id}` }]);
}

const WHAT: Readonly<Record<keyof Subject, string>> = { lienId: "lien" };

function named(subject: Subject): [keyof Subject, string | number] {
  for (const field of Object.keys(WHAT) as (keyof Subject)[]) {
    const id = subject[field];
    if (id !== null) return [field, id];
  }
  throw new InvalidInput([{ field: "facts", reason: "there are none, and what the document was to be about is gone" }]);
}
