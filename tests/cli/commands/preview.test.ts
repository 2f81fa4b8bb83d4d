import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { type AdminApi, startAdminApi } from "../../functions/http/admin/admin-api.ts";
import { aCounty, type ListServer, startListServer } from "../../functions/tax-liens/fake-county-lists.ts";
import { rota } from "../rota.ts";

let database: TestDatabase;
let lists: ListServer;
let api: AdminApi;
const door = createServer((request, response) => {
  void (async () => {
    const { status, body, headers } = await api.call(request.method!, request.url!, await json(request));
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  })();
});
beforeAll(async () => {
  [database, lists] = await Promise.all([migratedDatabase(), startListServer()]);
  api = startAdminApi(database.url, [], { env: { COUNTY_LISTS_LOOPBACK: "true" } });
  door.listen(0, "127.0.0.1");
  await once(door, "listening");
  const body =
    "Parcel,Certificate,Amount,Book,Owner\nP-1,C-1,100,7,ANN\nP-2,C-2,x,7,BO\nP-3,C-3,y,7,CY\nP-1,C-1,100,7,ANN\n";
  lists.files.set("/liens", { type: "text/csv", body });
  const fields = { parcelId: "Parcel", certificateNumber: "Certificate", faceAmount: "Amount", owner: "Owner" };
  await aCounty(api.db, "sample-az", { url: `${lists.origin}/liens`, fields });
});
afterAll(async () => {
  door.close();
  await api.close();
  await Promise.all([database.drop(), lists.close()]);
});

async function preview(args: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const root = await temporaryDirectory();
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
  const env = { ROTA_URL: `http://127.0.0.1:${(door.address() as AddressInfo).port}` };
  return rota(["preview", ...args], { env, root });
}

test("rows, faults with their lines, repeats, changes and unread columns are shown", async () => {
  const { code, stdout, stderr } = await preview(["sample-az", "--rows", "2"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trimEnd().split("\n")).toEqual([
    "LINE  PARCEL   CERTIFICATE  YEAR  AMOUNT  RATE  STATUS     SALE",
    "   2  P-1      C-1          2025     100     –  available  –",
    "  owner ANN",
    "   3  refused",
    '  faceAmount: expected an amount such as 1,234.56, got "x"',
    "",
    "FAULT                                                     ROWS  LINES",
    'faceAmount: expected an amount such as 1,234.56, got "x"     2  3, 4',
    "",
    "4 rows, 1 lien. An ingestion: 1 created, 0 updated, 0 unchanged, 0 not listed.",
    "1 row repeats a lien, in line 5.",
    "Columns that nothing reads: Book.",
  ]);
});

test("a county that does not exist is previewed with a source and a file of this machine", async () => {
  const source = {
    kind: "csv",
    upload: true,
    fields: { parcelId: "P", faceAmount: "A" },
    constants: { taxYear: "2025" },
  };
  const files = { "list.csv": "P,A\n1,50\n", "source.json": JSON.stringify(source) };
  const args = ["new-az", "--source", "source.json", "--rule-set", "arizona", "--list", "list.csv"];
  const { code, stdout, stderr } = await preview(args, files);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("1 row, 1 lien. An ingestion: 1 created,");

  const county = { name: "New", state: "AZ", ruleSet: "arizona", source };
  const whole = await preview(["new-az", "--source", "county.json", "--list", "list.csv", "--json"], {
    ...files,
    "county.json": JSON.stringify(county),
  });
  expect(JSON.parse(whole.stdout)).toMatchObject({ read: 1, valid: 1, changes: { created: 1 } });
});

test("the exit code is 1 when no row is a lien or the list cannot be read, 2 for a wrong file", async () => {
  const none = await preview(["sample-az", "--list", "list.csv"], {
    "list.csv": "Parcel,Certificate,Amount,Owner\nP-1,C-1,x,\n",
  });
  expect(none.code).toBe(1);
  expect(none.stdout).toMatch(/\nNo row is a lien\.\n$/);
  expect(await preview(["sample-az", "--list", "list.csv"], { "list.csv": "A\n1\n" })).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^The app rejects this request: the list of sample-az has no column .*"Parcel"/,
    ) as string,
  });
  expect(await preview(["sample-az", "--list", "none.csv"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("preview: --list: there is no file none.csv") as string,
  });
  expect(await preview(["sample-az", "--source", "source.json"], { "source.json": "{kind" })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("preview: --source: source.json is not valid JSON: ") as string,
  });
});
