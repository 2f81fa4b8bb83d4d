import { and, asc, count, desc, eq, inArray, isNotNull, lte } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { analysisRuns, deals, type AnalysisRun, type Deal } from "./analysis-run-schema.ts";
import { counties, liens, properties, type County, type Lien, type Property } from "./schema.ts";
import { propertyValuations, type PropertyValuation } from "./valuation-schema.ts";

/** A lien with all that is known of it: its property, its county, and the property's last valuation on or before a day. */
export async function findLienWhole(
  db: Executor,
  id: number,
  asOf: string,
): Promise<{ lien: Lien; property: Property; county: County; valuation: PropertyValuation | undefined } | undefined> {
  const [found] = await db
    .select({ lien: liens, property: properties, county: counties })
    .from(liens)
    .innerJoin(properties, eq(properties.id, liens.propertyId))
    .innerJoin(counties, eq(counties.id, liens.countyId))
    .where(eq(liens.id, id));
  if (!found) return undefined;
  const { propertyId, day, provider, value } = propertyValuations;
  const [valuation] = await db
    .select()
    .from(propertyValuations)
    .where(and(eq(propertyId, found.property.id), lte(day, asOf), isNotNull(value)))
    // Of two providers on one day the one by which the figures are computed: see liensForMetrics.
    .orderBy(desc(day), asc(provider))
    .limit(1);
  return { ...found, valuation };
}

/** A deal, and how many its analysis found. */
export async function findDeal(db: Executor, id: number): Promise<{ deal: Deal; deals: number } | undefined> {
  const [deal] = await db.select().from(deals).where(eq(deals.id, id));
  if (!deal) return undefined;
  const [all] = await db.select({ count: count() }).from(deals).where(eq(deals.analysisRunId, deal.analysisRunId));
  return { deal, deals: all!.count };
}

/** What was bought of an analysis's deals and is still held, or was written off. */
export interface BoughtDeal {
  readonly deal: Deal;
  readonly certificate: string;
  readonly county: string;
}

/** An analysis, and its deals that were bought and neither redeemed nor foreclosed; by rank. */
export async function findBought(
  db: Executor,
  analysisRunId: string,
): Promise<{ analysis: AnalysisRun; bought: BoughtDeal[] } | undefined> {
  const [analysis] = await db.select().from(analysisRuns).where(eq(analysisRuns.id, analysisRunId));
  if (!analysis) return undefined;
  const bought = await db
    .select({ deal: deals, certificate: liens.identity, county: counties.name })
    .from(deals)
    .innerJoin(liens, eq(liens.id, deals.lienId))
    .innerJoin(counties, eq(counties.id, liens.countyId))
    .where(and(eq(deals.analysisRunId, analysisRunId), inArray(deals.status, ["purchased", "written_off"])))
    .orderBy(asc(deals.rank));
  return { analysis, bought };
}
