import { Readable } from "node:stream";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect, type Db } from "#data/client.ts";
import { copyIn } from "#data/copy-in.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await migratedDatabase();
  db = connect({ url: database.url, poolMax: 1, idleMs: 60_000, tls: "disable", prepare: true });
  await db.execute(sql`create table copied (day date not null)`);
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});

const days = async () => [...(await db.execute(sql`select day::text from copied`))].map(({ day }) => day);
const copy = (...lines: string[]) => copyIn(db.$client, "copied", [Readable.from(lines.map((line) => `${line}\n`))]);

it("stores rows", async () => {
  await copy("2026-03-10", "2026-03-11");
  expect(await days()).toEqual(["2026-03-10", "2026-03-11"]);
});

it("throws the error of the database, stores no row, and leaves the connection usable", async () => {
  const before = await days();
  await expect(copy("2026-03-12", "0000-03-13")).rejects.toMatchObject({ code: "22008" });
  expect(await days()).toEqual(before);
  await copy("2026-03-14");
  expect(await days()).toEqual([...before, "2026-03-14"]);
});

it("throws the error of its source, and stores no row", async () => {
  const before = await days();
  const source = Readable.from(
    (function* () {
      yield "2026-03-15\n";
      throw new Error("cut off");
    })(),
  );
  await expect(copyIn(db.$client, "copied", [source])).rejects.toThrow("cut off");
  expect(await days()).toEqual(before);
});
