import { expect, it } from "vitest";
import { migratedDatabase } from "#support/database.ts";
import { runRace } from "./knowledge/race.ts";

it("processes that scan and review against each other, and are killed, approve no duplicate and lose no proposal", async () => {
  const database = await migratedDatabase();
  try {
    const result = await runRace(database.url, { count: 200, processes: 2, kills: 2, seed: 7 });
    expect(result.problems).toEqual([]);
    expect(result).toMatchObject({ proposals: 200, kills: 2 });
    expect(result.approved).toBeGreaterThan(0);
    expect(result.flagged + result.twins).toBeGreaterThan(0);
  } finally {
    await database.drop();
  }
});
