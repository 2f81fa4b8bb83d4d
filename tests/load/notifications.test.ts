import { expect, it } from "vitest";
import { migratedDatabase } from "#support/database.ts";
import { problemsOf, runDeliveryTest } from "./notifications/delivery-test.ts";

it("each notification arrives once at a receiver that fails, limits and rejects, while the sender is killed", async () => {
  const database = await migratedDatabase();
  try {
    const account = await runDeliveryTest(database.url, { count: 400, kills: 1 });
    expect(problemsOf(account, 400)).toEqual([]);
    expect(account).toMatchObject({ kills: 1 });
    expect(account.taken.size).toBe(380);
  } finally {
    await database.drop();
  }
});
