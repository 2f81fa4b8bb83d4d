import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connect, type Db } from "#data/client.ts";
import { findRun } from "#data/platform/job-runs.ts";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type JobOutcome, runJob } from "#support/run-job.ts";
import { sample } from "#support/sample-data.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { aCounty, type ListServer, startEndlessServer, startListServer } from "./fake-county-lists.ts";

let database: TestDatabase;
let storage: TestStorage;
let server: ListServer;
let db: Db;
beforeAll(async () => {
  [database, storage, server] = await Promise.all([migratedDatabase(), startTestStorage(), startListServer()]);
  db = connect({ url: database.url, poolMax: 4, idleMs: 60_000, tls: "disable", prepare: true });
});
afterAll(async () => {
  await db.$client.end();
  await Promise.all([database.drop(), storage.stop(), server.close()]);
});
afterEach(async () => {
  server.recover();
  await emptyTables(db, ["tax_liens.counties", "platform.job_runs", "platform.notifications"]);
});

async function ingest(
  countyId: string,
  input: Record<string, unknown> = {},
  asOf = "2026-03-10T09:00:00Z",
  more: Record<string, string> = {},
): Promise<JobOutcome> {
  const settings = { COUNTY_LISTS_LOOPBACK: "true", AzureWebJobsStorage: storage.connectionString, ...more };
  return runJob(ingestCountyLiens, { db, asOf, input: { countyId, ...input }, settings });
}

function serve(body: string | Buffer, type = "text/csv"): string {
  server.files.set("/liens", { type, body });
  return `${server.origin}/liens`;
}

const LIST = [
  "Parcel,Certificate,Amount,Owner",
  "P-1,C-1,100.50,Ada",
  "P-2,C-2,200.00,Grace",
  "P-3,C-3,300,Edsger",
  "P-4,C-4,400,Barbara",
];
const lines = (...all: readonly string[]) => all.map((line) => `${line}\r\n`).join("");
const FIELDS = { parcelId: "Parcel", certificateNumber: "Certificate", faceAmount: "Amount", owner: "Owner" };

async function rows(table: "liens" | "properties"): Promise<string[]> {
  const found = await db.execute<{ row: string }>(sql`
    select t.xmin::text || ' ' || t::text as row from ${sql.raw(`tax_liens.${table}`)} t order by id`);
  return [...found].map(({ row }) => row);
}

async function staged(): Promise<number> {
  return (await db.execute(sql`select from pg_tables where schemaname = 'tax_liens_staging'`)).length;
}

async function rejects(): Promise<{ line: number; reasons: string[]; raw: string }[]> {
  return [
    ...(await db.execute<{ line: number; reasons: string[]; raw: string }>(sql`
    select line::integer as line, reasons, raw from tax_liens.lien_rejects order by ingestion_id, line`)),
  ];
}

const errorOf = ({ run }: JobOutcome) => run.errors.at(-1) as { class: string; message: string } | undefined;

describe("a list", () => {
  it("is stored; the same list again changes no row version, and a changed one updates the changes", async () => {
    await aCounty(db, "sample-az", { url: serve(lines(...LIST)), fields: FIELDS });
    expect((await ingest("sample-az")).result).toMatchObject({
      retrieved: 4,
      created: 4,
      updated: 0,
      unchanged: 0,
      failed: 0,
    });
    const before = [await rows("liens"), await rows("properties")];
    expect((await ingest("sample-az", {}, "2026-03-11T09:00:00Z")).result).toMatchObject({
      created: 0,
      updated: 0,
      unchanged: 4,
    });
    expect([await rows("liens"), await rows("properties")]).toEqual(before);

    serve(lines(...LIST.with(2, "P-2,C-2,250.00,Grace")));
    expect((await ingest("sample-az", {}, "2026-03-12T09:00:00Z")).result).toMatchObject({
      created: 0,
      updated: 1,
      unchanged: 3,
    });
    const after = await rows("liens");
    expect(after.filter((row, i) => row !== before[0]![i])).toHaveLength(1);
    expect(after[1]).toContain("250");
    expect(await rows("properties")).toEqual(before[1]);
    expect(await staged()).toBe(0);
  });

  describe("that is damaged delists nothing that it may still name:", () => {
    const openLiens = async () =>
      [
        ...(await db.execute<{ identity: string }>(sql`
        select identity from tax_liens.liens where status = 'available' order by identity`)),
      ].map(({ identity }) => identity);
    const start = async (more: Record<string, unknown> = {}) => {
      await aCounty(db, "sample-az", { url: serve(lines(...LIST)), fields: FIELDS, ...more });
      await ingest("sample-az");
    };
    const next = () => ingest("sample-az", {}, "2026-03-11T09:00:00Z");

    it("two stray quotes that join rows", async () => {
      await start();
      serve(lines(LIST[0]!, LIST[1]!, 'P-2,C-2,200.00,"Grace', 'P-3,C-3,300,"Edsger', LIST[4]!));
      expect((await next()).result).toMatchObject({ failed: 1, notListed: 0, unchanged: 2 });
      expect(await openLiens()).toEqual(["C-1", "C-2", "C-3", "C-4"]);
      expect(await rejects()).toMatchObject([
        { line: 4, reasons: ["row: a quoted cell holds what looks like further rows: a quote may not be closed"] },
      ]);
    });

    it("a cell too many, while a lien that is really missing is delisted", async () => {
      await start();
      serve(lines(LIST[0]!, LIST[1]!, "P-2,C-2,200.00,Grace,Hopper", LIST[4]!));
      expect((await next()).result).toMatchObject({ failed: 1, notListed: 1 });
      expect(await openLiens()).toEqual(["C-1", "C-2", "C-4"]);
    });

    it("an end in the last line", async () => {
      await start();
      serve(lines(...LIST.slice(0, 3)) + "P-3,C-3,3");
      const { result } = await next();
      expect(result).toMatchObject({ failed: 1, notListed: 0, unchanged: 2 });
      expect(result!.noneDelistedBecause).toMatch(/^its last line, 4, has no line end: the file may be cut off/);
      expect(await openLiens()).toEqual(["C-1", "C-2", "C-3", "C-4"]);
    });

    it("but a list that never has a last line end, by its configuration, is whole", async () => {
      await start({ lastLineEnd: false });
      serve(lines(...LIST.slice(0, 3)) + LIST[3]!);
      expect((await next()).result).toMatchObject({ failed: 0, notListed: 1, unchanged: 3 });
    });
  });

  it("with delimiters at the end of each row is read", async () => {
    await aCounty(db, "sample-az", {
      url: serve(lines(LIST[0]!, ...LIST.slice(1).map((row) => `${row},`))),
      fields: FIELDS,
    });
    expect((await ingest("sample-az")).result).toMatchObject({ created: 4, failed: 0 });
  });

  it("marks a lien that is missing from the list, with the days, and restores it when it is listed again", async () => {
    await aCounty(db, "sample-az", { url: serve(lines(...LIST)), fields: FIELDS });
    await ingest("sample-az");
    serve(lines(...LIST.slice(0, 4)));
    expect((await ingest("sample-az", {}, "2026-03-12T09:00:00Z")).result).toMatchObject({
      unchanged: 3,
      notListed: 1,
    });
    const state = () =>
      db.execute(sql`
      select status, last_listed_on::text as last, not_listed_on::text as missing from tax_liens.liens where identity = 'C-4'`);
    expect([...(await state())]).toEqual([{ status: "not_listed", last: "2026-03-10", missing: "2026-03-12" }]);
    expect((await ingest("sample-az", {}, "2026-03-13T09:00:00Z")).result).toMatchObject({ updated: 0, notListed: 0 });
    serve(lines(...LIST));
    expect((await ingest("sample-az", {}, "2026-03-14T09:00:00Z")).result).toMatchObject({ updated: 1, unchanged: 3 });
    expect([...(await state())]).toEqual([{ status: "available", last: null, missing: null }]);
  });

  it("describes a parcel with several liens by the last of them, whichever has changed", async () => {
    const of = (amount: string) => lines(LIST[0]!, `P-1,C-1,${amount},Ada`, "P-1,C-2,200,Grace");
    await aCounty(db, "sample-az", { url: serve(of("100")), fields: FIELDS });
    await ingest("sample-az");
    const before = await rows("properties");
    serve(of("101"));
    expect((await ingest("sample-az")).result).toMatchObject({ updated: 1, unchanged: 1 });
    expect(await rows("properties")).toEqual(before);
  });

  it("of less than half its last size changes nothing and notifies the operators, until a person accepts it", async () => {
    await aCounty(db, "sample-az", { url: serve(lines(...LIST)), fields: FIELDS });
    await ingest("sample-az");
    const before = await rows("liens");
    serve(lines(...LIST.slice(0, 2)));
    const refused = await ingest("sample-az");
    expect(refused.run.state).toBe("dead");
    expect(errorOf(refused)).toMatchObject({
      class: "validation",
      message: expect.stringContaining("1 liens, less than half of the 4") as string,
    });
    expect(await rows("liens")).toEqual(before);
    const storedNotifications = await db.execute(sql`select recipient, title from platform.notifications`);
    expect([...storedNotifications]).toEqual([
      { recipient: "operators", title: "The liens of sample-az could not be brought in" },
    ]);
    const [row] = await db.execute(
      sql`select state, error, retrieved from tax_liens.lien_ingestions order by id desc limit 1`,
    );
    expect(row).toMatchObject({
      state: "failed",
      retrieved: 1,
      error: expect.stringContaining("acceptShrink") as string,
    });

    expect((await ingest("sample-az", { acceptShrink: true })).result).toMatchObject({ unchanged: 1, notListed: 3 });
    const audited = await db.execute(
      sql`select who, before, after from platform.audit_log where action = 'shrink-accepted'`,
    );
    expect([...audited]).toEqual([{ who: "a test", before: { rows: 4 }, after: { rows: 1 } }]);
  });

  it("of some days does not change the others", async () => {
    const dated = (day: string, i: number) => `P-${i},C-${i},100,${day}`;
    const days = ["2026-02-01", "2026-02-02", "2026-02-03"];
    const url = serve(lines("Parcel,Certificate,Amount,Sold", ...days.map(dated)));
    await aCounty(db, "sample-az", { url, fields: { ...FIELDS, owner: "Parcel", saleDate: "Sold" } });
    await ingest("sample-az");
    serve(lines("Parcel,Certificate,Amount,Sold", dated("2026-02-01", 0)));
    const input = { from: "2026-02-01", to: "2026-02-02" };
    expect((await ingest("sample-az", input)).result).toMatchObject({ retrieved: 1, unchanged: 1, notListed: 1 });
    expect(
      [...(await db.execute(sql`select status from tax_liens.liens order by identity`))].map(({ status }) => status),
    ).toEqual(["available", "not_listed", "available"]);
    const deadline = await db.execute(
      sql`select redemption_deadline::text as day from tax_liens.liens where identity = 'C-0'`,
    );
    expect([...deadline]).toEqual([{ day: "2029-02-01" }]);
  });

  it("of some days does not mark a lien whose sale moved to another day", async () => {
    const sold = (day: string) => lines("Parcel,Certificate,Amount,Sold", `P-1,C-1,100,${day}`);
    const fields = { ...FIELDS, owner: "Parcel", saleDate: "Sold" };
    await aCounty(db, "sample-az", { url: serve(sold("2026-02-01")), fields });
    await ingest("sample-az");
    serve(sold("2026-02-08"));
    expect((await ingest("sample-az", { to: "2026-02-02" })).result).toMatchObject({ retrieved: 0, notListed: 0 });
  });
});

it.each([
  [{ from: "0000-01-01" }, "expected a day from 1900-01-01 on"],
  [{ from: "2026-02-02", to: "2026-02-01" }, "expected a day that is not before from"],
  [{ countyId: undefined, acceptShrink: true }, "expected a county"],
  [{ countyId: "No/County" }, "expected a county's id such as coconino-az"],
])("refuses an invalid input before there is a run: %j", async (input, reason) => {
  await expect(ingest("sample-az", input)).rejects.toThrow(reason);
});

describe("implausible rows", () => {
  it("are refused with every reason, stored with their line, and written to the reject file", async () => {
    const url = serve(
      lines(
        ...LIST,
        "P-5,C-5,-12.00,Negative",
        "P-6,C-6,NA,None",
        "P-7,C-7,999999999,Absurd",
        "P-1,C-1,100.50,Twice",
        ",C-9,10,No parcel",
        "P-10,C-10",
        'P-11,C-11,"=HYPERLINK(""http://x"")",=1+1',
      ),
    );
    await aCounty(db, "sample-az", { url, fields: FIELDS });
    const { result } = await ingest("sample-az");
    expect(result).toMatchObject({ retrieved: 11, created: 4, failed: 7 });
    const refused = await rejects();
    expect(refused.map(({ line, reasons }) => [line, reasons[0]])).toEqual([
      [6, 'faceAmount: expected no negative amount, got "-12.00"'],
      [7, 'faceAmount: expected an amount such as 1,234.56, got "NA"'],
      [8, 'faceAmount: expected at most 25000000, got "999999999"'],
      [9, "row: the lien C-1 of 2025 is already in line 2, which was used"],
      [10, "parcelId: expected a value, got nothing"],
      [11, "row: expected 4 cells as the header has, got 2"],
      [12, expect.stringContaining("faceAmount: expected an amount") as string],
    ]);
    const file = gunzipSync((await storage.blobs("lien-rejects")).get(String(result!.rejectBlob))!).toString();
    expect(file.split("\r\n")).toHaveLength(9);
    expect(file).toContain(`12,"faceAmount: expected an amount`);
  });

  it("do not change a stored lien: it is still listed", async () => {
    await aCounty(db, "sample-az", { url: serve(lines(...LIST)), fields: FIELDS });
    await ingest("sample-az");
    const before = await rows("liens");
    serve(lines(...LIST.slice(0, 4), "P-4,C-4,-400,Barbara"));
    expect((await ingest("sample-az")).result).toMatchObject({ unchanged: 3, failed: 1, notListed: 0 });
    expect(await rows("liens")).toEqual(before);
    expect(await staged()).toBe(0);
  });

  it("are refused for invalid dates, and the others are stored", async () => {
    const sold = ["0000-01-15", "9999-12-31", "2026-02-30", "2026-02-01"].map((day, i) => `P-${i},C-${i},100,${day}`);
    const url = serve(lines("Parcel,Certificate,Amount,Sold", ...sold));
    await aCounty(db, "sample-az", { url, fields: { ...FIELDS, owner: "Parcel", saleDate: "Sold" } });
    expect((await ingest("sample-az")).result).toMatchObject({ retrieved: 4, created: 1, failed: 3 });
    expect((await rejects()).map(({ reasons }) => reasons)).toEqual([
      ['saleDate: expected a date YYYY-MM-DD, got "0000-01-15"'],
      ['saleDate: expected a year from 1900 to 2200, got "9999-12-31"'],
      ['saleDate: expected a date YYYY-MM-DD, got "2026-02-30"'],
    ]);
  });

  it("keep a formula in a name as text", async () => {
    await aCounty(db, "sample-az", { url: serve(lines(LIST[0]!, "P-1,C-1,10,=cmd()")), fields: FIELDS });
    await ingest("sample-az");
    expect([...(await db.execute(sql`select owner from tax_liens.properties`))]).toEqual([{ owner: "=cmd()" }]);
  });
});

describe("a broken source", () => {
  it.each([
    ["lacks a column", "Parcel,Certificate\r\nP,C\r\n", "validation", 'has no column "Owner", "Amount"'],
    ["is empty", "", "transient", "is empty"],
    ["has one giant line", `${LIST[0]}\r\n${"x".repeat(3_000_000)}`, "validation", "more than 1048576 bytes"],
    ["ends in a quoted cell", `${LIST[0]}\r\nP-1,C-1,10,"Ada`, "transient", "ends within a quoted cell"],
    ["is a web page", "<!DOCTYPE html><html><body>Sorry</body></html>", "transient", "a web page"],
    ["is a spreadsheet", Buffer.from("PK\u0003\u0004\u0014\u0000\u0006\u0000"), "validation", "save it as CSV"],
    ["is UTF-16 and does not say so", Buffer.from(lines(...LIST), "utf16le"), "validation", "set source.encoding"],
  ])("%s", async (_, body, errorClass, message) => {
    await aCounty(db, "sample-az", { url: serve(body), fields: FIELDS });
    expect(errorOf(await ingest("sample-az"))).toMatchObject({
      class: errorClass,
      message: expect.stringContaining(message) as string,
    });
    expect(await rows("liens")).toEqual([]);
    expect(await staged()).toBe(0);
  });

  it.each([
    ["a line", `${LIST[0]}\n`, "x"],
    ["a line of empty cells", `${LIST[0]}\n`, ","],
    ["a header", "", "Parcel,"],
    ["a quoted cell", `${LIST[0]}\nP-1,C-1,10,"`, "Ada\n"],
  ])("that never ends %s is aborted after a few megabytes", async (_, beginning, piece) => {
    const endless = await startEndlessServer(beginning, piece);
    try {
      await aCounty(db, "sample-az", { url: endless.url, fields: FIELDS });
      expect(errorOf(await ingest("sample-az"))).toMatchObject({
        class: "validation",
        message: expect.stringContaining("more than 1048576 bytes") as string,
      });
      expect(endless.sent()).toBeLessThan(16 * 1024 * 1024);
      expect(await staged()).toBe(0);
    } finally {
      endless.close();
    }
  });

  it("with another column separator than its county has is refused, with the header that was read", async () => {
    await aCounty(db, "sample-az", { url: serve(lines(...LIST)), fields: FIELDS, delimiter: ";" });
    expect(errorOf(await ingest("sample-az"))).toMatchObject({
      class: "validation",
      message: expect.stringContaining('got "Parcel,Certificate,Amount,Owner"') as string,
    });
  });

  it("in another encoding than its county has loses the affected rows, and no letter of others", async () => {
    const body = Buffer.from(lines(...LIST).replace("Edsger", "Jos\u00e9"), "latin1");
    await aCounty(db, "sample-az", { url: serve(body), fields: FIELDS, encoding: "utf-8" });
    expect((await ingest("sample-az")).result).toMatchObject({ created: 3, failed: 1 });
    expect(await rejects()).toMatchObject([{ line: 4, reasons: [expect.stringContaining("set source.encoding")] }]);
  });

  it.each(["500", "truncated", "429"] as const)("answers %s, and the run is retried", async (kind) => {
    const many = Array.from({ length: 2_000 }, (_, i) => `P-${i},C-${i},10,Ada`);
    await aCounty(db, "sample-az", { url: serve(lines(LIST[0]!, ...many)), fields: FIELDS });
    server.fail({ kind, times: 1 });
    const broken = await ingest("sample-az");
    expect(broken.run.state).toBe("retrying");
    expect([await rows("liens"), await staged()]).toEqual([[], 0]);
  });

  it.each([
    ["a byte order mark", Buffer.from(`\uFEFF${lines(...LIST)}`)],
    ["semicolons", Buffer.from(lines(...LIST).replaceAll(",", ";"))],
    ["tabs", Buffer.from(lines(...LIST).replaceAll(",", "\t"))],
    ["UTF-16", Buffer.from(`\uFEFF${lines(...LIST)}`, "utf16le")],
    ["windows-1252", Buffer.from(lines(...LIST).replace("Edsger", "Jos\u00e9"), "latin1")],
  ])("is invalid for having %s", async (_, body) => {
    await aCounty(db, "sample-az", { url: serve(body), fields: FIELDS });
    expect((await ingest("sample-az")).result).toMatchObject({ created: 4, failed: 0 });
  });
});

describe("a list in blob storage", () => {
  const source = { blob: "sample/liens.csv", url: undefined, fields: FIELDS };

  it("is stored like any other", async () => {
    await aCounty(db, "sample-az", source);
    // Before there is a list.
    const missing = await ingest("sample-az");
    expect(errorOf(missing)).toMatchObject({
      class: "validation",
      message: "there is no blob sample/liens.csv in container county-lists",
    });
    await storage.put("county-lists", "sample/liens.csv", Buffer.from(lines(...LIST)));
    expect((await ingest("sample-az")).result).toMatchObject({ created: 4, failed: 0 });
    await storage.put("county-lists", "sample/liens.csv", Buffer.from(lines(...LIST.with(1, "P-1,C-1,101.00,Ada"))));
    expect((await ingest("sample-az")).result).toMatchObject({ updated: 1, unchanged: 3 });
  });
});

describe("a list of Socrata", () => {
  it("is read page by page; when one page fails, nothing is stored", async () => {
    const page = (offset: number) => `/liens.json?%24limit=2&%24offset=${offset}&%24order=%3Aid`;
    const record = (n: number) => `{"parcel":"P-${n}","certificate":"C-${n}","amount":"${n}.10"}`;
    const put = (offset: number, body: string, status = 200) =>
      server.files.set(page(offset), { type: "application/json", body, status });
    const fields = { parcelId: "parcel", certificateNumber: "certificate", faceAmount: "amount" };
    const url = `${server.origin}/liens.json`;
    await aCounty(db, "sample-az", { kind: "json", url, paging: { size: 2 }, fields });
    put(0, `[${record(1)},${record(2)}]`);
    for (const [body, status] of [
      ['{"message":"Internal error"}', 500],
      [`[${record(3)},{"par`, 200],
    ] as const) {
      put(2, body, status);
      const broken = await ingest("sample-az");
      expect([broken.run.state, errorOf(broken)!.class]).toEqual(["retrying", "transient"]);
      expect([await rows("liens"), await staged()]).toEqual([[], 0]);
      await emptyTables(db, ["platform.job_runs"]);
    }
    put(2, `[${record(3)}]`);
    put(3, "[]");
    expect((await ingest("sample-az")).result).toMatchObject({ created: 3, failed: 0 });
  });
});

it("an app token reaches its host, and never the ledger or the log, also when the host repeats it", async () => {
  const token = "sample-app-token-4711";
  const body = `{"code":"permission_denied","message":"Invalid app_token specified: ${token}"}`;
  server.files.set("/liens.json", { type: "application/json", body, status: 403 });
  await aCounty(db, "sample-az", { kind: "json", url: `${server.origin}/liens.json` });
  const host = new URL(server.origin).host;
  const { run, log } = await ingest("sample-az", {}, undefined, { SOCRATA_APP_TOKENS: `${host}=${token}` });
  expect([run.state, server.headers.at(-1)?.["x-app-token"]]).toEqual(["dead", token]);
  const kept = await db.execute(sql`
    select run::text, (select string_agg(i::text, '') from tax_liens.lien_ingestions i) as ingestions,
           (select string_agg(n::text, '') from platform.notifications n) as notifications from platform.job_runs run`);
  expect(JSON.stringify([kept, log])).not.toContain(token);
});

describe("real lists, by configuration alone", () => {
  it("Baltimore 2018: every row is a lien or has a reason", async () => {
    const file = sample("tax-liens/baltimore-md-tax-sale-2018.csv");
    if (!file) return;
    const url = serve(await readFile(file));
    const fields = {
      parcelId: "block_lot",
      faceAmount: "lien",
      assessedValue: "assessed_value",
      owner: "Owner_Name",
      address: "Address",
    };
    await aCounty(
      db,
      "baltimore-md",
      { url, fields, constants: { taxYear: "2018" } },
      { state: "MD", ruleSet: "maryland" },
    );
    const { result } = await ingest("baltimore-md");
    expect(result).toMatchObject({ retrieved: 23_028, unchanged: 0 });
    expect(Number(result!.created) + Number(result!.failed)).toBe(23_028);
    expect(new Set((await rejects()).flatMap(({ reasons }) => reasons))).toEqual(
      new Set(['faceAmount: expected an amount such as 1,234.56, got "NA"']),
    );
    const [sum] = await db.execute(
      sql`select count(*)::integer as liens, sum(face_amount)::text as face from tax_liens.liens`,
    );
    expect(sum).toMatchObject({ liens: result!.created });
    expect((await ingest("baltimore-md")).result).toMatchObject({ created: 0, updated: 0, unchanged: result!.created });
  });

  it("Coconino and Allen: no row is refused", async () => {
    for (const [id, path, fields, rows] of [
      [
        "coconino-az",
        "tax-liens/coconino-az-otc-tax-liens-2026.csv",
        { parcelId: "Parcel Number", faceAmount: "Lien Purchase Amount" },
        33,
      ],
      [
        "allen-in",
        "tax-liens/allen-in-tax-sale-2026.csv",
        {
          parcelId: "Parcel ID",
          faceAmount: "Minimum Bid",
          address: "Property Address",
          city: "City",
          zip: "Zip",
          legalDescription: "Legal Description",
        },
        574,
      ],
    ] as const) {
      const file = sample(path);
      if (!file) return;
      await aCounty(db, id, { url: serve(await readFile(file)), fields });
      expect((await ingest(id)).result).toMatchObject({ retrieved: rows, created: rows, failed: 0 });
    }
  });
});

it("the schedule enqueues a run for each active county", async () => {
  await aCounty(db, "first-az", { url: `${server.origin}/a` });
  await aCounty(db, "second-az", { url: `${server.origin}/b` });
  await aCounty(db, "third-az", { url: `${server.origin}/c` }, { active: false });
  const { result, dispatched } = await runJob(ingestCountyLiens, { db });
  expect(result).toEqual({ counties: 2 });
  expect(dispatched).toHaveLength(2);
});

describe("while the internet gate is closed", () => {
  const SLOT = new Date("2026-03-10T09:00:00Z");
  const inBlob = { blob: "sample/liens.csv", url: undefined, fields: FIELDS };
  let app: TestProcess;
  beforeEach(async () => {
    await storage.put("county-lists", "sample/liens.csv", Buffer.from(lines(...LIST)));
    await aCounty(db, "blob-az", inBlob);
    await aCounty(db, "url-az", { url: serve(lines(...LIST)), fields: FIELDS });
    const env = {
      ALLOW_INTERNET_SYNC: "false",
      COUNTY_LISTS_LOOPBACK: "true",
      AzureWebJobsStorage: storage.connectionString,
    };
    app = startProcess(database.url, [ingestCountyLiens], { db, clock: new TestClock(SLOT), env });
  });

  /** Runs the slot and the runs that it enqueues. @returns the ledger rows of the counties after it */
  async function night(slot: Date) {
    expect(await app.runner.runSlot(ingestCountyLiens, slot)).toMatchObject({ state: "succeeded" });
    const ids = app.dispatched.splice(0).map(({ id }) => id);
    for (const id of ids) await app.runner.execute(id);
    const runs = await Promise.all(ids.map((id) => findRun(db, id)));
    const of = (countyId: string) => runs.find((run) => (run!.input as { countyId: string }).countyId === countyId)!;
    return { blob: of("blob-az"), url: of("url-az") };
  }

  it("a county whose list lies in a blob is ingested; one with an address waits with the reason", async () => {
    const { blob, url } = await night(SLOT);
    expect(blob).toMatchObject({ state: "succeeded", result: { created: 4 } });
    expect(url).toMatchObject({ state: "queued", attempt: 0, reasonCode: "internet-sync-disabled" });
    expect(url.reason).toContain("ALLOW_INTERNET_SYNC=false");
    app.clock.advance(60_000);
    expect(await app.runner.dispatchOverdueRuns(), "the sweep leaves it alone").toBe(0);

    await aCounty(db, "url-az", inBlob);
    expect(await app.runner.dispatchOverdueRuns(), "the county needs the internet no more").toBe(1);
    expect(await app.runner.execute(url.id)).toMatchObject({ state: "succeeded", attempt: 1, reason: null });
  });

  it("a waiting county is skipped after a day, when the run of the next night waits", async () => {
    const { url } = await night(SLOT);
    app.clock.advance(86_400_000 + 1);
    const next = await night(new Date(SLOT.getTime() + 86_400_000));
    expect(next.url).toMatchObject({ state: "queued", reasonCode: "internet-sync-disabled" });
    expect(await app.runner.dispatchOverdueRuns()).toBe(1);
    await app.runner.execute(url.id);
    expect(await findRun(db, url.id)).toMatchObject({ state: "skipped", reasonCode: "too-late" });
  });

  it("a request for a county with an address is skipped at once, one for a list in a blob is not", async () => {
    const ask = (countyId: string) =>
      app.enqueuer.enqueue(ingestCountyLiens, { input: { countyId }, trigger: "manual", requestedBy: "a test" });
    expect(await ask("url-az")).toMatchObject({ state: "skipped", reasonCode: "internet-sync-disabled" });
    expect(await ask("blob-az")).toMatchObject({ state: "queued" });
  });

  it("a county that does not exist fails with that reason", async () => {
    const { run } = await ingest("none-az", {}, undefined, { ALLOW_INTERNET_SYNC: "false" });
    expect(run).toMatchObject({ state: "dead", errors: [{ class: "validation" }] });
  });
});
