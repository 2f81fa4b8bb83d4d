import type { Executor } from "#data/client.ts";
import { liensForMetrics } from "#data/tax-liens/deal-metrics.ts";
import { findBought, findDeal, findLienDetails } from "#data/tax-liens/document-subjects.ts";
import { effectiveSettings } from "#jobs/changeable-settings.ts";
import { InvalidInput } from "#jobs/endings.ts";
import { issuesOf } from "#jobs/input.ts";
import type { CivilDate } from "#rules/civil-date.ts";
import type { Config } from "#settings/config.ts";
import { dealMemoFacts, memoOfDeal } from "./deal-memo-facts.ts";
import { dueDiligenceFacts } from "./due-diligence-facts.ts";
import { statementFacts } from "./statement-facts.ts";
import { findTemplate } from "./templates.ts";

/** The subject of a document without given facts; exactly one field is not null. */
export interface Subject {
  readonly lienId: number | null;
  readonly dealId: number | null;
  readonly analysisRunId: string | null;
}

/** The local day of the facts, and the settings. */
export interface ReadFor {
  readonly asOf: CivilDate;
  readonly settings: Config;
}

/** Reads the facts; undefined when the subject does not exist. */
type Reader<Id> = (db: Executor, id: NonNullable<Id>, on: ReadFor) => Promise<unknown>;
type Readers = { readonly [Field in keyof Subject]?: Reader<Subject[Field]> };

/** The readers of each template. A template without a reader for a field needs given facts. */
const READERS: Readonly<Record<string, Readers>> = {
  deal_memo: {
    async lienId(db, id, { asOf, settings }) {
      const { DEAL_RISK_WEIGHTS: weights } = await effectiveSettings(db, settings);
      const [whole, [terms]] = [await findLienDetails(db, id, asOf), await liensForMetrics(db, [id], asOf)];
      return whole && terms && dealMemoFacts(whole, terms, { asOf, weights });
    },
    async dealId(db, id, { asOf: today, settings }) {
      const found = await findDeal(db, id);
      if (!found) return undefined;
      const { lienId, metrics } = found.deal;
      const { DEAL_RISK_WEIGHTS: weights } = await effectiveSettings(db, settings);
      const [whole, [terms]] = [
        await findLienDetails(db, lienId, metrics.asOf),
        await liensForMetrics(db, [lienId], metrics.asOf),
      ];
      const memo = dealMemoFacts(whole!, terms!, { asOf: metrics.asOf, weights, today });
      return memoOfDeal(found, memo, settings.TAX_LIENS_TIME_ZONE);
    },
  },
  portfolio_statement: {
    async analysisRunId(db, id, { asOf, settings }) {
      const found = await findBought(db, id);
      if (!found) return undefined;
      const { VALUATION_STALE_DAYS: staleDays } = await effectiveSettings(db, settings);
      const ids = found.bought.map(({ deal }) => deal.lienId);
      const terms = await liensForMetrics(db, ids, asOf);
      return statementFacts(found, terms, { asOf, zone: settings.TAX_LIENS_TIME_ZONE, staleDays });
    },
  },
  lien_due_diligence: {
    async lienId(db, id, { asOf }) {
      const whole = await findLienDetails(db, id, asOf);
      return whole && dueDiligenceFacts(whole, asOf);
    },
  },
};

/**
 * The facts of a document, given or read, as its template needs them.
 * @throws InvalidInput naming each invalid fact, or the subject that has none: see `readDocumentFacts`
 */
export async function factsOf(
  db: Executor,
  { template, facts, ...subject }: Subject & { readonly template: string; readonly facts: unknown },
  on: ReadFor,
): Promise<unknown> {
  const written = facts ?? (await readDocumentFacts(db, template, subject, on));
  const { success, error, data } = findTemplate(template).context.safeParse(written);
  if (success) return data;
  throw new InvalidInput(issuesOf(error, "").map(({ field, reason }) => ({ field: `facts.${field}`, reason })));
}

/**
 * Reads the facts of a document about a subject on a day.
 * @throws InvalidInput naming the field: the subject does not exist, the template has no reader for it, or the rules of
 * its county are invalid
 */
export async function readDocumentFacts(
  db: Executor,
  template: string,
  subject: Subject,
  on: ReadFor,
): Promise<unknown> {
  const readers: Readers = Object.hasOwn(READERS, template) ? READERS[template]! : {};
  const [field, id] = named(subject);
  const read = readers[field] as Reader<unknown> | undefined;
  if (!read) {
    const known = ["facts", ...Object.keys(readers)].join(" or ");
    throw new InvalidInput([{ field, reason: `a ${template} cannot have this subject: expected ${known}` }]);
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

const WHAT: Readonly<Record<keyof Subject, string>> = { lienId: "lien", dealId: "deal", analysisRunId: "analysis" };

function named(subject: Subject): [keyof Subject, string | number] {
  for (const field of Object.keys(WHAT) as (keyof Subject)[]) {
    const id = subject[field];
    if (id !== null) return [field, id];
  }
  throw new InvalidInput([{ field: "facts", reason: "there are none, and the subject of the document is gone" }]);
}
