import { expect, it } from "vitest";
import { migratedDatabase } from "#support/database.ts";
import { campaign, faultsOf } from "./notifications/campaign.ts";

it("each notification arrives once by the provider's own count, though it fails, limits and refuses, and the sender is killed", async () => {
  const database = await migratedDatabase();
  try {
    const account = await campaign(database.url, { count: 400, kills: 1 });
    expect(faultsOf(account, 400)).toEqual([]);
    expect(account).toMatchObject({ kills: 1 });
    expect(account.taken.size).toBe(380);
  } finally {
    await database.drop();
  }
});
