import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { countySourceSchema } from "#providers/county-lists/county-source.ts";
import { openContainer } from "#storage/blob-container.ts";
import { blobNameFault, BlobNameRefused, checkBlobName } from "#storage/blob-name.ts";

const empty = () => Readable.from([]);
const HOSTILE = [
  ...["../documents/a.pdf", "a/../../b", "..", ".", "a/./b", "a//b", "a/", "/etc/passwd", "a\\..\\b", "a.", ""],
  ...["a\0b", "a\nb", "a\u0085b", "\ud800", "x".repeat(1_025)],
];

it.each(["liens.csv", "2026/03/list of May.csv", "..a/b..c", "naïve/ü.csv", "%2e%2e/a"])("%s is a name", (name) => {
  expect(checkBlobName(name)).toBe(name);
});

it.each(HOSTILE)(
  "%j is refused, also in the configuration of a county and by each method of a container",
  async (name) => {
    expect(blobNameFault(name)).toEqual(expect.any(String));
    const source = { kind: "csv", blob: name, fields: { parcelId: "A", faceAmount: "B" } };
    expect(countySourceSchema.safeParse(source).error?.issues[0]).toMatchObject({ path: ["blob"] });
    const settings = { AzureWebJobsStorage: undefined, AzureWebJobsStorage__accountName: undefined };
    const container = openContainer({ ...settings, AzureWebJobsStorage__clientId: undefined }, "county-lists");
    for (const use of [
      container.read(name),
      container.remove(name),
      container.chill(name),
      container.write(name, "", [empty()]),
    ])
      await expect(use).rejects.toThrow(BlobNameRefused);
  },
);

it("only the container of #storage makes the address of a blob", async () => {
  const places: string[] = [];
  const root = join(import.meta.dirname, "../../..");
  for await (const file of glob("{functions,shared}/**/*.ts", { cwd: root })) {
    const text = await readFile(join(root, file), "utf8");
    if (/get(?:Block|Append|Page)?BlobClient\(/.test(text)) places.push(file);
  }
  expect(places).toEqual(["shared/storage/blob-container.ts"]);
});
