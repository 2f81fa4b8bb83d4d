import { randomUUID } from "node:crypto";
import { type SQL, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { expect, it } from "vitest";
import type { Tx } from "#data/client.ts";
import { mergeLiens } from "#data/tax-liens/lien-merge.ts";
import { createStaging, type ListedLien, stagedRow, StagedRows, stageRows } from "#data/tax-liens/lien-staging.ts";
import { openDatabase } from "#support/database.ts";
import { addLien, addLiens } from "#support/liens.ts";

const LIENS = 2_000;
const { db } = await openDatabase();
let ingestionId = 0;

it("a merge compares no row with every other one, although statistics do not know the county", async () => {
  await addLiens(db, 500, "known-az");
  await db.execute(sql`analyze tax_liens.properties`);
  await db.execute(sql`analyze tax_liens.liens`);
  await addLien(db, { countyId: "new-az", status: "withdrawn" });

  const created = await merge("100.00");
  expect(created.merged).toEqual({ created: LIENS, updated: 0, notListed: 0 });
  const updated = await merge("200.00");
  expect(updated.merged).toEqual({ created: 0, updated: LIENS, notListed: 0 });
  for (const { statement, nodes } of [...created.plans, ...updated.plans])
    expect(nodes, statement).not.toContainEqual(expect.stringContaining("Nested Loop"));
  expect(created.plans.length).toBeGreaterThanOrEqual(5);
});

it("a transaction plans with nested loops again after the merge", async () => {
  const { setting } = await merge("300.00");
  expect(setting).toBe("on");
});

/** Merges a list of liens of one amount. @returns the counts, and each statement's plan */
async function merge(faceAmount: string) {
  const staging = { runId: randomUUID(), attempt: 1 };
  await db.transaction((tx) => createStaging(tx, staging));
  const rows = new StagedRows("list");
  for (let line = 1; line <= LIENS; line += 1) {
    rows.add(stagedRow(aListedLien(line, faceAmount), line));
    if (rows.isFull) await stageRows(db, staging, rows);
  }
  await stageRows(db, staging, rows);
  const plans: { statement: string; nodes: string[] }[] = [];
  return db.transaction(async (tx) => {
    const merged = await mergeLiens(explained(tx, plans), staging, {
      ingestionId: (ingestionId += 1),
      countyId: "new-az",
      now: new Date("2026-01-02T00:00:00Z"),
      day: "2026-01-02",
      dayBefore: null,
      saleDates: null,
      isWhole: true,
      isDamaged: false,
    });
    const [row] = await tx.execute<{ enable_nestloop: string }>(sql`show enable_nestloop`);
    return { merged, plans, setting: row!.enable_nestloop };
  });
}

function aListedLien(line: number, faceAmount: string): ListedLien {
  return {
    parcelId: `parcel-${line}`,
    address: null,
    city: null,
    zip: null,
    legalDescription: null,
    owner: null,
    propertyType: "residential",
    assessedValue: null,
    bankruptcy: false,
    environmental: false,
    codeViolations: false,
    taxYear: 2025,
    certificateNumber: `certificate-${line}`,
    faceAmount,
    priorLiens: "0",
    penalties: "0",
    premium: "0",
    fees: "0",
    interestRate: null,
    bidRate: null,
    status: "available",
    saleDate: null,
    redemptionDeadline: null,
  };
}

interface Plan {
  readonly "Node Type": string;
  readonly Plans?: readonly Plan[];
}

/** A transaction that notes the plan of each statement before it executes it. */
function explained(tx: Tx, plans: { statement: string; nodes: string[] }[]): Tx {
  const dialect = new PgDialect();
  const execute = async (query: SQL) => {
    const statement = dialect.sqlToQuery(query).sql.trim();
    if (/^(insert|update|with|create temporary table)/.test(statement)) {
      const [row] = await tx.execute<{ "QUERY PLAN": [{ Plan: Plan }] }>(sql`explain (format json) ${query}`);
      plans.push({ statement, nodes: nodesOf(row!["QUERY PLAN"][0].Plan) });
    }
    return tx.execute(query);
  };
  return { execute } as unknown as Tx;
}

function nodesOf({ "Node Type": type, Plans = [] }: Plan): string[] {
  return [type, ...Plans.flatMap(nodesOf)];
}
