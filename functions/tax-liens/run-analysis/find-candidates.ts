import { Decimal } from "decimal.js";
import type { Executor, Tx } from "#data/client.ts";
import { availableLiens, insertCandidates, type StoredCandidate } from "#data/tax-liens/analysis-candidates.ts";
import type { AnalysisCheckpoint, AnalysisRun } from "#data/tax-liens/analysis-run-schema.ts";
import { saveCheckpoint } from "#data/tax-liens/analysis-runs.ts";
import { type LienForMetrics, liensForMetrics, storeMetrics } from "#data/tax-liens/deal-metrics.ts";
import { effectiveSettings, type FailedItem, type JobContext } from "#jobs";
import { totalAvailable } from "#rules/tax-liens/analysis-summary.ts";
import { type Constraints, unmetConstraint } from "#rules/tax-liens/constraints.ts";
import { dealFigures, type LienMetrics, metricsOf } from "#rules/tax-liens/deal-figures.ts";
import { METRICS_VERSION } from "#rules/tax-liens/lien-metrics.ts";
import type { RiskWeights } from "#rules/tax-liens/risk.ts";

/** Liens of one transaction. */
const PAGE = 2_000;

/**
 * Computes the metrics of every available lien of the counties and stores those that meet the constraints as
 * candidates, page by page. Memory holds one page; each page commits with a checkpoint, from which a retry continues.
 * @returns the last checkpoint, with all counts
 */
export async function findCandidates(
  { db, clock, settings, paginate, progress }: JobContext<unknown>,
  { id, asOf, checkpoint: before, available }: AnalysisRun,
  constraints: Constraints,
): Promise<AnalysisCheckpoint> {
  const countyIds = constraints.counties.toSorted();
  const total = totalAvailable(available ?? {});
  // One analysis uses one set of weights, also when they change between two attempts.
  const weights = before?.weights ?? (await effectiveSettings(db, settings)).DEAL_RISK_WEIGHTS;
  const start = before ?? firstCheckpoint(countyIds[0]!, weights, clock.now());
  let checkpoint = start;
  await paginate<AnalysisCheckpoint>(PAGE, async (tx, { after, limit }) => {
    const from = after ?? start;
    const startedMs = clock.now().getTime();
    const { liens: next, last } = await nextLiens(tx, countyIds, from, limit);
    const computed = await compute(tx, next, { asOf, weights, now: clock.now() });
    const filteringMs = clock.now().getTime();
    const { candidates, unmet } = filterLiens(computed.liens, { constraints, asOf });
    await insertCandidates(tx, id, candidates);
    checkpoint = {
      ...last,
      startedAt: from.startedAt,
      weights,
      unmet: sumByName(from.unmet, unmet),
      computed: from.computed + computed.liens.length,
      failed: from.failed + computed.failed.length,
      candidates: from.candidates + candidates.length,
      leastCost: lowestOf([
        ...(from.leastCost === null ? [] : [from.leastCost]),
        ...candidates.map(({ cost }) => cost),
      ]),
      metricsMs: from.metricsMs + Math.max(0, filteringMs - startedMs),
      filterMs: from.filterMs + Math.max(0, clock.now().getTime() - filteringMs),
    };
    await saveCheckpoint(tx, id, checkpoint);
    const done = checkpoint.computed + checkpoint.failed;
    progress(done, Math.max(total, done), "computing metrics");
    const counts = { computed: computed.liens.length, candidates: candidates.length };
    return { next: next.length < limit ? null : checkpoint, counts, failed: computed.failed };
  });
  return checkpoint;
}

function firstCheckpoint(countyId: string, weights: RiskWeights, now: Date): AnalysisCheckpoint {
  const zeros = { computed: 0, failed: 0, candidates: 0, leastCost: null, unmet: {}, metricsMs: 0, filterMs: 0 };
  return { countyId, lienId: 0, startedAt: now.toISOString(), weights, ...zeros };
}

/** The next liens, county by county, each by id. Fewer than the limit: no more are left. */
async function nextLiens(
  tx: Executor,
  countyIds: readonly string[],
  from: Pick<AnalysisCheckpoint, "countyId" | "lienId">,
  limit: number,
): Promise<{ liens: number[]; last: Pick<AnalysisCheckpoint, "countyId" | "lienId"> }> {
  const liens: number[] = [];
  let last = from;
  for (const countyId of countyIds.filter((one) => one >= from.countyId)) {
    const after = countyId === from.countyId ? from.lienId : 0;
    const found = await availableLiens(tx, countyId, { after, limit: limit - liens.length });
    liens.push(...found);
    last = { countyId, lienId: found.at(-1) ?? after };
    if (liens.length >= limit) break;
  }
  return { liens, last };
}

interface Computed {
  readonly liens: readonly { readonly lien: LienForMetrics; readonly metrics: LienMetrics }[];
  readonly failed: readonly FailedItem[];
}

async function compute(
  tx: Tx,
  ids: readonly number[],
  { asOf, weights, now }: Parameters<typeof metricsOf>[1] & { now: Date },
): Promise<Computed> {
  const liens: { lien: LienForMetrics; metrics: LienMetrics }[] = [];
  const failed: FailedItem[] = [];
  for (const lien of ids.length ? await liensForMetrics(tx, ids, asOf) : []) {
    const metrics = metricsOf(lien, { asOf, weights });
    if (metrics instanceof Error) failed.push({ key: String(lien.lienId), error: metrics });
    else liens.push({ lien, metrics });
  }
  const all = liens.map(({ metrics }) => metrics);
  if (all.length) await storeMetrics(tx, all, { asOf, version: METRICS_VERSION, now });
  return { liens, failed };
}

function filterLiens(
  liens: Computed["liens"],
  { constraints, asOf }: { constraints: Constraints; asOf: string },
): { candidates: StoredCandidate[]; unmet: Record<string, number> } {
  const candidates: StoredCandidate[] = [];
  const unmet: Record<string, number> = {};
  for (const { lien, metrics } of liens) {
    const { lienId, countyId } = lien;
    const { cost, dealScore } = metrics;
    const reason = unmetConstraint(
      { ...metrics, faceAmount: lien.faceAmount, propertyType: lien.propertyType },
      constraints,
    );
    if (reason !== null) unmet[reason] = (unmet[reason] ?? 0) + 1;
    else candidates.push({ lienId, countyId, cost, dealScore: dealScore!, metrics: dealFigures(metrics, asOf) });
  }
  return { candidates, unmet };
}

function lowestOf(costs: readonly string[]): string | null {
  return costs.length ? Decimal.min(...costs).toFixed(2) : null;
}

function sumByName(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Record<string, number> {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(names.map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
}
