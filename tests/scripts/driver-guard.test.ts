import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type postgres from "postgres";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDatabase } from "#support/database.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { guarded } from "../../scripts/driver-guard.ts";

const driver = join(import.meta.dirname, "../../node_modules/postgres");
const connection = "src/connection.js";

/** The installed driver as the bundle has it. */
async function guardedDriver(): Promise<typeof postgres> {
  const copy = await temporaryDirectory();
  await cp(driver, copy, { recursive: true });
  await writeFile(join(copy, connection), guarded(await readFile(join(driver, connection), "utf8")));
  return ((await import(pathToFileURL(join(copy, "src/index.js")).href)) as { default: typeof postgres }).default;
}

describe("the guard of the database driver", () => {
  it("fits the installed driver, and precedes the write", async () => {
    const source = guarded(await readFile(join(driver, connection), "utf8"));
    expect(source.indexOf("if (socket === null)")).toBeGreaterThan(source.indexOf("function nextWrite("));
    expect(source.indexOf("if (socket === null)")).toBeLessThan(source.indexOf("const x = socket.write(chunk, fn)"));
  });

  it("a statement gets only its own rows after a connection was lost in the middle of a response", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const sql = (await guardedDriver())(database.url, { max: 1, onnotice: () => undefined });
    // Its row is on the way when the server says its last word.
    await expect(sql`select pg_terminate_backend(pg_backend_pid())`).rejects.toMatchObject({
      code: "CONNECTION_CLOSED",
    });
    expect([...(await sql`select 1 as one`)]).toEqual([{ one: 1 }]);
    await expect(sql`select pg_terminate_backend(pg_backend_pid())`).rejects.toMatchObject({
      code: "CONNECTION_CLOSED",
    });
    await sql.end();
  });

  it("refuses an unknown driver source", () => {
    expect(() => guarded("function nextWrite() { socket?.write(chunk) }")).toThrow(
      /Check whether the driver still needs the fix/,
    );
  });
});
