import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guarded } from "../../scripts/driver-guard.ts";

const driver = join(import.meta.dirname, "../../node_modules/postgres/src/connection.js");

describe("the guard of the database driver", () => {
  it("still fits the installed driver, and stands in front of the write", async () => {
    const source = guarded(await readFile(driver, "utf8"));
    expect(source.indexOf("if (socket === null)")).toBeGreaterThan(source.indexOf("function nextWrite("));
    expect(source.indexOf("if (socket === null)")).toBeLessThan(source.indexOf("const x = socket.write(chunk, fn)"));
  });

  it("refuses a driver that it does not know", () => {
    expect(() => guarded("function nextWrite() { socket?.write(chunk) }")).toThrow(/is its nextWrite guarded by now/);
  });
});
