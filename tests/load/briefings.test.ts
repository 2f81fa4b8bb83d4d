import { expect, it } from "vitest";
import { migratedDatabase } from "#support/database.ts";
import { problemsOf, runBriefings } from "./personal-ops/briefing-campaign.ts";

it("each day has one digest and one call, of four processes that are killed between a call and its record", async () => {
  const database = await migratedDatabase();
  try {
    const result = await runBriefings(database.url, { days: 4, replacements: 1 });
    expect(problemsOf(result, 4)).toEqual([]);
    expect(result.kills).toBeGreaterThan(0);
  } finally {
    await database.drop();
  }
});
