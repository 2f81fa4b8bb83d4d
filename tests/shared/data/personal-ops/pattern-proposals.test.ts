import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, it } from "vitest";
import { listPatternProposals, proposePatterns } from "#data/personal-ops/pattern-proposals.ts";
import { storePatterns } from "#data/personal-ops/patterns.ts";
import { proposals } from "#data/personal-ops/personal-ops-schema.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";

const NOW = new Date("2026-03-10T12:30:00.000Z");
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const { db } = await openDatabase();
beforeEach(() =>
  storePatterns(
    db,
    Array.from({ length: 25 }, (_, n) => ({
      type: "repeated_failure" as const,
      fingerprint: `f${n}`,
      // Two of the 25 are below the limit.
      confidence: 0.98 - n / 75,
      title: `pattern ${n}`,
      evidence: { offer: "Do something." },
    })),
    NOW,
  ),
);
afterEach(() => emptyTables(db, ["personal_ops.patterns"]));

const propose = (now = NOW) =>
  db.transaction((tx) => proposePatterns(tx, { from: 0.7, seenSince: new Date(now.getTime() - 86_400_000), now }));

it("of scans at once in one hour ten proposals come, and each pattern has at most one", async () => {
  const counts = await Promise.all(Array.from({ length: 8 }, () => propose()));
  expect(counts.reduce((sum, { proposed }) => sum + proposed, 0)).toBe(10);
  const stored = await listPatternProposals(db, { limit: 100 });
  expect(stored.map(({ title }) => title).sort()).toEqual(Array.from({ length: 10 }, (_, n) => `pattern ${n}`).sort());
});

it("the next hours propose the others, the most confident ones first, until none above the limit is left", async () => {
  const counts = [];
  for (const minutes of [0, 29, 30, 90, 150]) counts.push(await propose(later(minutes)));
  expect(counts).toEqual([
    { proposed: 10, waiting: 12 },
    { proposed: 0, waiting: 12 },
    { proposed: 10, waiting: 2 },
    { proposed: 2, waiting: 0 },
    { proposed: 0, waiting: 0 },
  ]);
});

it("a pattern that no scan has found for a day is not proposed", async () => {
  expect(await propose(later(1_441))).toEqual({ proposed: 0, waiting: 0 });
});

it("the database refuses an eleventh proposal of an hour, and a second one for a pattern", async () => {
  await propose();
  const [first] = await db.select().from(proposals).limit(1);
  const insert = (pattern: string, place: number) =>
    db.execute(sql`
      insert into personal_ops.proposals (pattern_id, title, body, confidence, created_at, place_in_hour)
      select id, title, '', confidence, ${NOW.toISOString()}::timestamptz, ${place}
        from personal_ops.patterns where fingerprint = ${pattern}`);
  const refusal = async (work: Promise<unknown>) => {
    const error = await work.catch((error: unknown) => error);
    return ((error as Error).cause as { constraint_name?: string } | undefined)?.constraint_name;
  };
  expect(await refusal(insert("f20", 11))).toBe("proposals_place");
  expect(await refusal(insert("f20", 10))).toBe("proposals_places_of_hour");
  const later = db.execute(sql`
    insert into personal_ops.proposals (pattern_id, title, body, confidence, created_at, place_in_hour)
    values (${first!.patternId}, 'again', '', 0.9, ${NOW.toISOString()}::timestamptz + interval '1 hour', 1)`);
  expect(await refusal(later)).toBe("proposals_of_pattern");
});
