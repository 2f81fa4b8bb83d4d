import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { countySourceSchema } from "#providers/county-lists/county-source.ts";
import { readCountyList } from "./read-county-list.ts";

const SMALL = { fields: { parcelId: "parcel", faceAmount: "amount" }, constants: { taxYear: "2025" } };
const parcels = async (...given: Parameters<typeof readCountyList>) =>
  (await readCountyList(...given)).liens.map(({ parcelId, faceAmount }) => `${parcelId} ${faceAmount}`);

describe("a CSV", () => {
  it("with one name twice is refused, until the configuration states the position", async () => {
    const list = "parcel,amount,Amount\nA,1,2\n";
    await expect(readCountyList(SMALL, list)).rejects.toThrow(
      'has 2 columns "amount", at 2, 3: write {"column": "amount"',
    );
    const stated = { ...SMALL, fields: { ...SMALL.fields, faceAmount: { column: "amount", position: 3 } } };
    expect(await parcels(stated, list)).toEqual(["A 2"]);
    await expect(readCountyList(stated, "parcel,amount,fee\nA,1,2\n")).rejects.toThrow(
      'has "fee" as column 3, not amount',
    );
  });

  it("with a delimiter at the end of its header, and with rows of empty cells, is read", async () => {
    expect(await parcels(SMALL, "parcel,amount,\nA,1\n,,\nB,2,\n")).toEqual(["A 1", "B 2"]);
  });

  it("that ends within an amount does not store a part of it", async () => {
    const read = await readCountyList(SMALL, "parcel,amount\nA,100\nB,10");
    expect(read.liens).toHaveLength(1);
    expect(read.refused).toEqual([[expect.stringMatching(/^row: the file ends in its last cell/)]]);
    expect(read.doubt).toContain("has no line end");
    expect(await parcels({ ...SMALL, lastLineEnd: false }, "parcel,amount\nA,100\nB,10")).toEqual(["A 100", "B 10"]);
    expect(await parcels(SMALL, 'parcel,amount\nA,"100"')).toEqual(["A 100"]);
  });

  it("whose last line has no line end keeps its last row when the cell ends as the others do, and delists nothing", async () => {
    const rows = Array.from({ length: 12 }, (_, n) => `P-${n},${n + 95}.00`).join("\n");
    const whole = await readCountyList(SMALL, `parcel,amount\n${rows}\nB,1000.50`);
    expect(whole.refused).toEqual([]);
    expect(whole.liens).toHaveLength(13);
    expect(whole.doubt).toContain("has no line end");
    for (const cut of ["1000.5", "1000.", "1000", "1"]) {
      const read = await readCountyList(SMALL, `parcel,amount\n${rows}\nB,${cut}`);
      expect(read.refused, cut).toEqual([[expect.stringMatching(/^row: the file ends in its last cell/)]]);
    }
  });

  it("that gzip packed is read; one that is cut off is transient", async () => {
    const packed = gzipSync(`parcel,amount\n${Array.from({ length: 5_000 }, (_, n) => `P-${n},${n + 1}\n`).join("")}`);
    expect(await parcels(SMALL, packed)).toHaveLength(5_000);
    expect(await parcels(SMALL, gzipSync(packed))).toHaveLength(5_000);
    await expect(readCountyList(SMALL, packed.subarray(0, 9_000))).rejects.toMatchObject({
      errorClass: "transient",
      message: expect.stringContaining("is a gzip file that is cut off") as string,
    });
  });

  it.each([
    [Buffer.from("d0cf11e0a1b11ae1", "hex"), "is an Excel workbook (.xls): save it as CSV"],
    [Buffer.from("PK\u0003\u0004\u0014\u0000xl/workbook.xml"), "is an Excel workbook (.xlsx): save it as CSV"],
    [Buffer.from("PK\u0003\u0004\u0014\u0000liens.csv"), "is a ZIP archive: unpack it"],
    [Buffer.from("%PDF-1.7"), "is a PDF: ask the county for a CSV"],
  ])("that is another kind of file is refused with its name", async (body, reason) => {
    await expect(readCountyList(SMALL, body)).rejects.toThrow(reason);
  });
});

describe("a JSON list", () => {
  const source = { kind: "json", paging: null, ...SMALL };
  const withOwner = { ...source, fields: { ...SMALL.fields, owner: "owner" } };

  it("with a column that is null throughout is read, with a warning when no record has its name", async () => {
    expect(await readCountyList(withOwner, '[{"parcel":"A","amount":1,"owner":null}]')).toMatchObject({ warnings: [] });
    expect(await readCountyList(withOwner, '[{"parcel":"A","amount":1}]')).toMatchObject({
      liens: [{ owner: null }],
      warnings: [{ code: "absent-column", reason: 'no record has "owner": read as empty' }],
    });
    await expect(readCountyList(source, '[{"parcel":"A","sum":1}]')).rejects.toThrow('has no column "amount"');
  });

  it("with one name twice in a record is refused", async () => {
    await expect(readCountyList(source, '[{"parcel":"A","amount":1,"Amount":2}]')).rejects.toThrow("two values named");
  });

  it("that is an error with status 200 says so", async () => {
    await expect(readCountyList(source, '{"error":{"code":499,"message":"Token Required"}}')).rejects.toThrow(
      "answered with an error: Token Required",
    );
  });
});

describe("a web page", () => {
  const source = { kind: "html", ...SMALL };
  const page = (rows: string) =>
    `<html><table><thead><tr><th>Parcel</th><th style="display: none">Key</th><th>Amount</th></tr></thead><tbody>${rows}</tbody></table></html>`;

  it("is read as a person sees it", async () => {
    const rows =
      '<tr><td>A<br>1</td><td style="display:none">9</td><td>1<b hidden>0</b>2</td></tr><tr hidden><td>B</td><td>1</td></tr>';
    const read = await readCountyList(source, page(rows));
    expect(read).toMatchObject({ liens: [{ parcelId: "A 1", faceAmount: "12" }], warnings: [{ code: "hidden" }] });
    expect([read.liens.length, read.doubt]).toEqual([1, null]);
  });

  it("that is cut in its table is transient, after it delists nothing", async () => {
    const whole = page("<tr><td>A</td><td hidden></td><td>100</td></tr>");
    await expect(readCountyList(source, whole.slice(0, whole.indexOf("00</td>")))).rejects.toMatchObject({
      errorClass: "transient",
      message: expect.stringContaining("is cut off") as string,
    });
    expect((await readCountyList(source, whole.replace("</html>", ""))).doubt).toContain("ends without </html>");
  });
});

it.each([
  [{ fields: { ...SMALL.fields, saleDate: ["a", "b"] } }, "fields.saleDate", "expected one column"],
  [{ fields: { ...SMALL.fields, owner: { sum: ["a", "b"] } } }, "fields.owner", "expected no sum"],
  [{ fields: { ...SMALL.fields, owner: { column: "a", match: "(a)(b)" } } }, "fields.owner.match", "at most one group"],
  [{ fields: { ...SMALL.fields, owner: { column: "a", match: "(?=a)" } } }, "fields.owner.match", "RE2"],
  [{ fields: { ...SMALL.fields, owner: { fileName: "x(y)" } } }, "fields.owner.fileName", 'which is "x"'],
  [{ header: false }, "fields", "expected positions"],
  [{ constants: { taxYear: "soon" } }, "constants.taxYear", "expected a year"],
  [{ constants: { taxYear: "2025", fees: "1,5" } }, "constants.fees", "expected an amount"],
  [{ statuses: { Open: "available", "open ": "sold" } }, "statuses.open ", "expected one meaning"],
  [{ flags: { bankruptcy: { yes: ["A"], no: ["a"] } } }, "flags.bankruptcy.no", "in one list only"],
  [{ where: [{ column: "county" }] }, "where.0", "expected either is or isNot"],
])("a configuration is refused with field and reason: %j", (given, field, reason) => {
  const { error } = countySourceSchema.safeParse({ kind: "csv", url: "https://c.example/x", ...SMALL, ...given });
  expect(error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`)).toEqual([
    expect.stringContaining(`${field}: `) as string,
  ]);
  expect(error?.issues[0]?.message).toContain(reason);
});
