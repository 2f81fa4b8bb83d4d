import { mulberry32 } from "./mulberry32.ts";

/** The columns of the sample county's list, in the words of its treasurer. */
export const SAMPLE_COLUMNS = [
  "Parcel Number",
  "Certificate No.",
  "Tax Year",
  "Amount Due",
  "Prior Taxes",
  "Status",
  "Sale Date",
  "Interest Rate",
  "Property Use",
  "Situs Address",
  "City",
  "Zip",
  "Owner Name",
  "Full Cash Value",
  "Bankruptcy",
] as const;

/** A row of the list, in the county's own format. */
export type SampleRow = Readonly<Record<(typeof SAMPLE_COLUMNS)[number], string>>;

const GOOD_ROWS = 500;

const STREETS = ["Mesquite", "Juniper", "Saguaro", "Copper Mine", "Old Mill", "Agave", "Ironwood", "Canyon View"];
const CITIES = [
  ["Sample Springs", "86901"],
  ["Sample Wells", "86902"],
  ["Mesa Sample", "86903"],
] as const;
// Some with letters outside of ASCII, which the county writes in windows-1252.
const OWNERS = ["ALVAREZ, MARÍA", "BAKER, TOM & ANN", "CLAY HOLDINGS LLC", "DIAZ, JOSÉ", "EAST RIM TRUST", "FOX, R J"];

/** The county's names of property uses, with their share in percent and the range of values. */
const USES = [
  { use: "SFR", share: 62, from: 90_000, to: 620_000 },
  { use: "Vacant Land", share: 22, from: 400, to: 60_000 },
  { use: "Commercial", share: 10, from: 180_000, to: 2_400_000 },
  { use: "Industrial", share: 4, from: 250_000, to: 1_800_000 },
  { use: "Unclassified", share: 2, from: 5_000, to: 90_000 },
] as const;

/**
 * The tax certificates of an invented county after its last sale on 10 February: 500 valid rows, the same for every day
 * until the next sale, and some invalid rows as real counties publish them.
 */
export function sampleLiens(asOf: Date): SampleRow[] {
  const year = asOf.getUTCFullYear() - (asOf.toISOString().slice(5, 10) < "02-10" ? 1 : 0);
  const random = mulberry32(86_901);
  const rows = Array.from({ length: GOOD_ROWS }, (_, i) => goodRow(i, year, random));
  for (const [index, bad] of badRows(rows)) rows.splice(index, 0, bad);
  return rows;
}

function goodRow(i: number, year: number, random: () => number): SampleRow {
  const kind = pickUse(random() * 100);
  // Most values are near the lower end.
  const value = kind.from + (kind.to - kind.from) * random() ** 2;
  const due = 40 + value * (0.004 + 0.02 * random() ** 3);
  const state = random();
  const isSold = state > 0.7;
  const [city, zip] = CITIES[i % CITIES.length]!;
  return {
    "Parcel Number": `${101 + (i % 7)}-${String(10 + (i % 83))}-${String(1 + i).padStart(3, "0")}`,
    "Certificate No.": `CP-${year}-${String(1 + i).padStart(5, "0")}`,
    "Tax Year": String(year - 1),
    "Amount Due": dollars(due),
    "Prior Taxes": random() < 0.12 ? dollars(due * (1 + random())) : "",
    Status: state > 0.9 ? "Redeemed" : isSold ? "Assigned" : "Available",
    "Sale Date": isSold ? `02/10/${year}` : "",
    "Interest Rate": isSold ? `${(3 + 13 * random()).toFixed(2)}%` : "",
    "Property Use": kind.use,
    "Situs Address": `${100 + Math.floor(random() * 9_800)} ${STREETS[i % STREETS.length]} ${i % 2 ? "Rd" : "St"}`,
    City: city,
    Zip: zip,
    "Owner Name": OWNERS[Math.floor(random() * OWNERS.length)]!,
    "Full Cash Value": `$${Math.round(value).toLocaleString("en-US")}`,
    Bankruptcy: random() < 0.03 ? "Y" : "N",
  };
}

/** Invalid rows, which are no liens, each with its index in the list. */
function badRows(rows: readonly SampleRow[]): [index: number, row: SampleRow][] {
  const like = (i: number, cells: Partial<SampleRow>): SampleRow => ({
    ...rows[i]!,
    "Parcel Number": `199-99-${String(i).padStart(3, "0")}`,
    "Certificate No.": `CP-9999-${i}`,
    ...cells,
  });
  return [
    [61, like(1, { "Amount Due": "-$182.40" })],
    [122, like(2, { "Amount Due": "NA" })],
    [183, rows[3]!],
    [244, like(4, { "Parcel Number": "" })],
    [305, like(5, { Status: "See clerk" })],
    [366, like(6, { "Amount Due": '=HYPERLINK("http://sample.invalid","$40.00")' })],
    [427, like(7, { "Interest Rate": "160.00%" })],
  ];
}

function pickUse(percent: number): (typeof USES)[number] {
  let seen = 0;
  return USES.find(({ share }) => (seen += share) > percent) ?? USES[0];
}

/** `$1,204.50` */
function dollars(amount: number): string {
  return `$${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}
