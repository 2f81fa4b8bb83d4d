import { afterAll, beforeAll, expect, it } from "vitest";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type ListServer, startListServer } from "../../tax-liens/fake-county-lists.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let server: ListServer;
let api: AdminApi;
beforeAll(async () => {
  [database, server] = await Promise.all([migratedDatabase(), startListServer()]);
  api = startAdminApi(database.url, [ingestCountyLiens], { env: { COUNTY_LISTS_LOOPBACK: "true" } });
});
afterAll(async () => {
  await api.close();
  await Promise.all([database.drop(), server.close()]);
});

const county = (source: Record<string, unknown> = {}) => ({
  name: "Sample",
  state: "AZ",
  timeZone: "America/Phoenix",
  ruleSet: "arizona",
  source: {
    kind: "csv",
    url: `${server.origin}/liens`,
    fields: { parcelId: "Parcel", faceAmount: "Amount", status: "State" },
    constants: { taxYear: "2025" },
    ...source,
  },
});

it("a county is configured, ingested, and shows its liens and rejected rows", async () => {
  expect((await api.call("PUT", "api/counties/sample-az", county())).status).toBe(201);
  expect((await api.call("PUT", "api/counties/sample-az", county({ statuses: { OPEN: "available" } }))).status).toBe(
    200,
  );
  server.files.set("/liens", { type: "text/csv", body: "Parcel,Amount,State\nA,1.50,open\nB,2,Sold\nC,x,OPEN\n" });
  const { id } = await api.enqueuer.enqueue(ingestCountyLiens, {
    input: { countyId: "sample-az" },
    trigger: "manual",
    requestedBy: "a test",
  });
  expect(await api.runner.execute(id)).toMatchObject({ state: "succeeded" });

  const { body: liens } = await api.call<{ liens: { faceAmount: string }[]; next: number }>(
    "GET",
    "api/liens?county=sample-az&limit=1",
  );
  expect(liens.liens.map(({ faceAmount }) => faceAmount)).toEqual(["1.5"]);
  const { body: sold } = await api.call("GET", `api/liens?status=sold&cursor=${liens.next}`);
  expect(sold).toMatchObject({ liens: [{ status: "sold", property: { parcelId: "B" } }], next: null });
  const { body: listed } = await api.call("GET", "api/counties/sample-az/ingestions");
  expect(listed).toMatchObject({
    ingestions: [
      {
        state: "succeeded",
        retrieved: 3,
        created: 2,
        failed: 1,
        rejects: [{ line: 4, raw: "C,x,OPEN" }],
        findings: { faults: [{ field: "faceAmount", rows: 1, lines: [4] }], warnings: [], otherRows: 0 },
        doubt: null,
      },
    ],
  });
  expect((await api.call("GET", "api/counties")).body).toMatchObject({ counties: [{ id: "sample-az", lastRows: 2 }] });
  expect((await api.call("GET", "api/counties/sample-az")).body).toMatchObject({ lastRows: 2 });
  expect((await api.call("GET", "api/counties/none-az")).status).toBe(404);
});

it("valuations are added once; an unknown parcel or another value refuses all, with the fields", async () => {
  const of = (parcelId: string, value = "100000.00") => ({ county: "sample-az", parcelId, day: "2026-03-01", value });
  const add = (...valuations: object[]) => api.call("POST", "api/property-valuations", { valuations });
  expect(await add(of("A"), of("B"))).toMatchObject({ status: 200, body: { added: 2, known: 0 } });
  expect(await add(of("A"), { ...of("A"), provider: "county-appraiser" })).toMatchObject({
    body: { added: 1, known: 1 },
  });
  const refused = await add({ ...of("B"), day: "2026-03-02" }, of("B", "99000.00"), of("Z"));
  expect(refused).toMatchObject({
    status: 400,
    body: {
      errors: [
        { field: "valuations[1].value", reason: expect.stringContaining("has 100000.00 for 2026-03-01") as string },
        { field: "valuations[2].parcelId", reason: "there is no parcel Z in sample-az" },
      ],
    },
  });
  expect(await add({ ...of("B"), day: "2026-03-02" })).toMatchObject({ body: { added: 1 } });
});

it("an invalid configuration is refused with its fields", async () => {
  const { status, body } = await api.call("PUT", "api/counties/bad-az", {
    ...county({ url: "ftp://x", fields: { faceAmount: "a" }, dates: "soon" }),
    timeZone: "Moon/Base",
    ruleSet: "utopia",
  });
  expect(status).toBe(400);
  const fields = (body as { errors: { field: string }[] }).errors.map(({ field }) => field);
  expect(fields).toEqual(expect.arrayContaining(["timeZone", "ruleSet", "source.url", "source.dates"]));
});
