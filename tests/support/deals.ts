import { v7 as uuidv7 } from "uuid";
import type { Db } from "#data/client.ts";
import { analysisRuns, deals, type DealStatus } from "#data/tax-liens/analysis-run-schema.ts";
import { addLien } from "./liens.ts";

const AT = new Date("2026-01-01T00:00:00Z");

/** An analysis that has succeeded, with a deal for each status, on liens of their own. */
export async function addDeals(
  db: Db,
  statuses: readonly DealStatus[],
): Promise<{ analysisRunId: string; dealIds: number[] }> {
  const analysisRunId = uuidv7();
  await db.insert(analysisRuns).values({
    id: analysisRunId,
    runId: uuidv7(),
    definition: { constraints: {} },
    asOf: "2026-01-01",
    state: "succeeded",
    summary: {},
    recipient: "user:1",
    requestedBy: "a test",
    createdAt: AT,
    finishedAt: AT,
  });
  const { propertyId } = await addLien(db, {});
  const dealIds: number[] = [];
  for (const [place, status] of statuses.entries()) {
    const { lienId } = await addLien(db, { propertyId });
    const metrics = {
      asOf: "2026-01-01",
      version: 1,
      ltv: null,
      implausibleValue: false,
      expectedYield: null,
      irr: null,
      riskScore: null,
      explanation: "a sample",
    };
    const deal = { analysisRunId, lienId, rank: place + 1, score: "50", cost: "1000", metrics, status };
    const [added] = await db
      .insert(deals)
      .values({ ...deal, statusAt: AT, createdAt: AT })
      .returning({ id: deals.id });
    dealIds.push(added!.id);
  }
  return { analysisRunId, dealIds };
}
