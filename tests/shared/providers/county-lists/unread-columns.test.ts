import { expect, it } from "vitest";
import { readCountyList } from "./read-county-list.ts";

const fields = { parcelId: "Parcel", faceAmount: "Amount" };
const constants = { taxYear: "2026" };

it.each([
  ["csv", { fields }, "Parcel,Book, ,Amount\nA,7,x,1\n", ["Book", "3"]],
  ["csv", { fields: { parcelId: 1, faceAmount: 3 }, header: false }, "A,7,1\n", ["2"]],
  ["json", { fields, paging: null }, '[{"parcel":"A","amount":1,"book":7},{"parcel":"B","page":8}]', ["book", "page"]],
  [
    "json",
    { fields: { parcelId: "a.Parcel", faceAmount: "a.Amount" }, paging: null },
    '[{"a":{"Parcel":"A","Amount":1,"Book":7},"b":{"c":1}}]',
    ["a.Book", "b"],
  ],
  ["json", { fields: { parcelId: 1, faceAmount: 2 }, paging: null }, '[["A",1,7]]', ["3"]],
  [
    "html",
    { fields },
    "<html><table><thead><tr><th>Parcel<th>Book<th>Amount</tr></thead><tbody><tr><td>A<td>7<td>1</tr></tbody></table></html>",
    ["Book"],
  ],
])("the columns of a %s that nothing reads are named: %j", async (kind, source, list, unread) => {
  expect((await readCountyList({ kind, constants, ...source }, list)).unread).toEqual(unread);
});
