import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { countySourceSchema } from "#providers/county-lists/county-source.ts";
import { columnsOf } from "#providers/county-lists/field-texts.ts";
import { type ListSettings, openList } from "#providers/county-lists/open-list.ts";
import {
  type ListServer,
  startEndlessServer,
  startListServer,
} from "../../../functions/tax-liens/fake-county-lists.ts";

let server: ListServer;
beforeEach(async () => {
  server = await startListServer();
});
afterEach(() => server.close());

const settings = {
  COUNTY_LISTS_LOOPBACK: true,
  AzureWebJobsStorage: undefined,
  AzureWebJobsStorage__accountName: undefined,
  AzureWebJobsStorage__clientId: undefined,
  SOCRATA_APP_TOKENS: undefined,
};
const mapping = { fields: { parcelId: "parcel", faceAmount: "amount" }, constants: { taxYear: "2025" } };

async function read(
  given: Record<string, unknown>,
  changed: Partial<ListSettings> = {},
): Promise<(readonly string[])[]> {
  const source = countySourceSchema.parse({ ...mapping, ...given });
  const list = openList("sample-az", source, { ...settings, ...changed });
  const rows: (readonly string[])[] = [];
  const { signal } = new AbortController();
  for await (const portion of list.read(columnsOf(source), signal))
    rows.push(...[...portion].map(({ values }) => values));
  list.close();
  return rows;
}

describe("JSON", () => {
  const page = (offset: number) => `/liens.json?%24limit=2&%24offset=${offset}&%24order=%3Aid`;
  const put = (path: string, body: string, status = 200) =>
    server.files.set(path, { type: "application/json", body, status });
  const source = () => ({ kind: "json", url: `${server.origin}/liens.json`, paging: { size: 2 } });

  it("is read page by page in a stable order, and keeps every digit", async () => {
    put(page(0), '[{"parcel":"A","amount":1.10},{"parcel":"B","amount":"2"}]');
    put(page(2), '[{"parcel":"C"}]');
    put(page(3), "[]");
    expect(await read(source())).toEqual([
      ["A", "1.10"],
      ["B", "2"],
      ["C", ""],
    ]);
    expect(server.requests).toEqual([`GET ${page(0)}`, `GET ${page(2)}`, `GET ${page(3)}`]);
  });

  it("is read to its end although the server caps pages below the size that is asked for", async () => {
    const records = Array.from({ length: 45 }, (_, n) => ({ parcel: `P-${n}`, amount: n + 1 }));
    for (const offset of [0, 20, 40, 45])
      put(page(offset).replace("limit=2", "limit=1000"), JSON.stringify(records.slice(offset, offset + 20)));
    expect(await read({ ...source(), paging: { size: 1_000 } })).toHaveLength(45);
  });

  it("of which a server without pages sends a part is refused", async () => {
    put("/all", '{"exceededTransferLimit":true,"features":[{"parcel":"A","amount":1}]}');
    const all = { kind: "json", url: `${server.origin}/all`, paging: null, records: "features" };
    await expect(read(all)).rejects.toThrow("has more records than the server sends in one answer: set source.paging");
  });

  it("that is cut off is transient; one that ignores the offset is refused", async () => {
    put(page(0), '[{"parcel":"A","amount":1},{"parcel":"B","amount":2}]');
    put(page(2), '[{"parcel":"C","am');
    await expect(read(source())).rejects.toMatchObject({
      errorClass: "transient",
      message: expect.stringContaining("offset 2") as string,
    });
    server.files.clear();
    put("/liens.json", '[{"parcel":"A","amount":1},{"parcel":"B","amount":2}]');
    await expect(read(source())).rejects.toMatchObject({
      errorClass: "validation",
      message: expect.stringContaining("same page again") as string,
    });
  });

  it("is requested with the app token of its host only, which no error contains", async () => {
    const token = "abc-secret-token";
    const tokens = { SOCRATA_APP_TOKENS: new Map([[new URL(server.origin).host, token]]) };
    put("/liens.json", "[]");
    await read(source(), tokens);
    await read(source(), { SOCRATA_APP_TOKENS: new Map([["data.example.gov", token]]) });
    server.files.set("/liens.csv", { type: "text/csv", body: "parcel,amount\n" });
    await read({ kind: "csv", url: `${server.origin}/liens.csv` }, tokens);
    expect(server.headers.map((headers) => headers["x-app-token"])).toEqual([token, undefined, undefined]);

    put("/liens.json", `{"code":"permission_denied","message":"Invalid app_token specified: ${token}"}`, 403);
    const refused = await read(source(), tokens).catch((error: unknown) => error as Error & { errorClass: string });
    expect(refused).toMatchObject({ errorClass: "auth" });
    expect(JSON.stringify([(refused as Error).message, (refused as Error).stack])).not.toContain(token);
    await expect(read({ ...source(), url: `${server.origin}/x?$$app_token=${token}` })).rejects.toThrow(
      "expected no token in it; set SOCRATA_APP_TOKENS",
    );
  });

  it("that never ends is aborted at 16 MiB", async () => {
    const endless = await startEndlessServer("[", '{"parcel":"A","amount":1},');
    try {
      await expect(read({ ...source(), url: endless.url })).rejects.toMatchObject({
        errorClass: "validation",
        message: expect.stringContaining("more than the 16777216 bytes allowed") as string,
      });
      expect(endless.sent()).toBeLessThan(32 * 1024 * 1024);
    } finally {
      endless.close();
    }
  });

  it("is found below the top level of a response without pages", async () => {
    put("/all", '{"data":{"rows":[{"parcel":"A","amount":1}]}}');
    const all = { kind: "json", url: `${server.origin}/all`, paging: null };
    expect(await read({ ...all, records: "data.rows" })).toEqual([["A", "1"]]);
    await expect(read({ ...all, records: "rows" })).rejects.toThrow("no array of records at rows");
  });
});

describe("HTML", () => {
  const table = (rows: string, next = "") =>
    `<html><table><thead><tr><th>Parcel</th><th>Amount</th></tr></thead><tbody>${rows}</tbody></table>${next}</html>`;
  const put = (path: string, body: string) => server.files.set(path, { type: "text/html", body });

  it("tables are read page by page, by the link to the next page", async () => {
    put("/1", table("<tr><td>A &amp; B</td><td>$1</td></tr>", '<a class="next" href="2">Next</a>'));
    put("/2", table("<tr><td>C</td><td>2</td></tr>"));
    expect(await read({ kind: "html", url: `${server.origin}/1`, next: "a.next" })).toEqual([
      ["A & B", "$1"],
      ["C", "2"],
    ]);
  });

  it("a cycle of pages and a page with another layout are refused", async () => {
    put("/1", table("", '<a class="next" href="/1">Next</a>'));
    await expect(read({ kind: "html", url: `${server.origin}/1`, next: "a.next" })).rejects.toThrow("links back");
    put("/1", "<html><p>Moved</p></html>");
    await expect(read({ kind: "html", url: `${server.origin}/1` })).rejects.toThrow('has no column "parcel", "amount"');
  });
});

it("this machine is not called unless a setting allows it", async () => {
  await expect(read({ kind: "csv", url: `${server.origin}/x` }, { COUNTY_LISTS_LOOPBACK: false })).rejects.toThrow(
    "COUNTY_LISTS_LOOPBACK=true",
  );
  expect(server.requests).toEqual([]);
});

it.each([
  [{ kind: "csv" }, "expected one of url, blob and upload"],
  [{ kind: "csv", url: "nonsense" }, "expected a URL"],
  [{ kind: "csv", url: "https://c.example/x", fields: { faceAmount: "a" } }, "parcelId: expected the column"],
  [{ kind: "csv", url: "https://c.example/x", constants: {} }, "expected a column, or a constant taxYear"],
  [{ kind: "csv", url: "https://c.example/x", encoding: "klingon" }, "expected an encoding"],
  [{ kind: "csv", url: "https://c.example/x", dates: "yesterday" }, "expected a pattern such as MM/DD/YYYY"],
])("a configuration that cannot be one says why: %j", (given, reason) => {
  expect(
    countySourceSchema
      .safeParse({ ...mapping, ...given })
      .error?.issues.map(({ message }) => message)
      .join(),
  ).toContain(reason);
});
