import { PassThrough, Readable } from "node:stream";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect, type Db } from "#data/client.ts";
import { copyIn, type Sources } from "#data/copy-in.ts";
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
const copyFrom = (...sources: Sources) => db.$client.begin((tx) => copyIn(tx, "copied", sources));
const copy = (...lines: string[]) => copyFrom(Readable.from(lines.map((line) => `${line}\n`)));

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
  await expect(copyFrom(source)).rejects.toThrow("cut off");
  expect(await days()).toEqual(before);
});

it("throws the error of a source that fails before the database is ready, and leaves the connection usable", async () => {
  const before = await days();
  const source = new PassThrough();
  const copying = db.$client.begin((tx) => {
    const copied = copyIn(tx, "copied", [source]);
    source.destroy(new Error("discarded at once"));
    return copied;
  });
  await expect(copying).rejects.toThrow("discarded at once");
  await copy("2026-03-16");
  expect(await days()).toEqual([...before, "2026-03-16"]);
});

it("throws the error of the connection when it breaks in the middle, and stores no row", async () => {
  const before = await days();
  const source = new PassThrough();
  // A pool of its own: the driver may forget a statement that is sent while a connection ends.
  const broken = connect({ url: database.url, poolMax: 1, idleMs: 60_000, tls: "disable", prepare: true });
  const copying = broken.$client.begin(async (tx) => {
    const [{ pid } = {}] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const copied = copyIn(tx, "copied", [source]);
    source.write("2026-03-17\n");
    await Promise.all([copied, terminate(pid!)]);
  });
  await expect(copying).rejects.toThrow();
  await broken.$client.end({ timeout: 1 });
  expect(await days()).toEqual(before);
});

it("runs beside the other statements of its pool", async () => {
  const pool = connect({ url: database.url, poolMax: 3, idleMs: 60_000, tls: "disable", prepare: true });
  try {
    const before = await days();
    let copies = 0;
    const copying = async () => {
      for (let n = 0; n < 20; n += 1) {
        const rows = Readable.from(Array.from({ length: 200 }, () => "2026-03-18\n"));
        await pool.$client.begin((tx) => copyIn(tx, "copied", [rows]));
        copies += 1;
      }
    };
    const reading = async () => {
      while (copies < 40) await pool.execute(sql`select count(*) from copied where day > ${"2026-03-01"}`);
    };
    await Promise.all([copying(), copying(), ...Array.from({ length: 8 }, reading)]);
    expect(await days()).toHaveLength(before.length + 40 * 200);
  } finally {
    await pool.$client.end();
  }
});

async function terminate(pid: number): Promise<void> {
  const other = connect({ url: database.url, poolMax: 1, idleMs: 60_000, tls: "disable", prepare: true });
  await other.execute(sql`select pg_terminate_backend(${pid})`);
  await other.$client.end();
}
