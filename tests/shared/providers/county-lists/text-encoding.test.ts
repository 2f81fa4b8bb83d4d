import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { asUtf8 } from "#providers/county-lists/text-encoding.ts";

async function read(bytes: Buffer, stated?: string): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of asUtf8(Readable.from([bytes]), stated)) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

it.each([
  ["UTF-8", Buffer.from("Núñez, Peña")],
  ["UTF-8 with a mark", Buffer.from("\uFEFFNúñez, Peña")],
  ["UTF-16 with a mark", Buffer.from("\uFEFFNúñez, Peña", "utf16le")],
  ["windows-1252", Buffer.from("Núñez, Peña", "latin1")],
])("finds out that a text is %s", async (_, bytes) => {
  expect(await read(bytes)).toBe("Núñez, Peña");
});

it("a damaged byte in UTF-8 breaks one letter and changes no other", async () => {
  const damaged = Buffer.concat([Buffer.from("Núñez, Pe"), Buffer.from([0xff]), Buffer.from("a")]);
  expect(await read(damaged)).toBe("Núñez, Pe\uFFFDa");
});

it("uses the stated encoding", async () => {
  expect(await read(Buffer.from("ú"), "windows-1252")).toBe("Ãº");
});
