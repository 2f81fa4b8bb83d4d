import { once } from "node:events";
import { createWriteStream } from "node:fs";

/** The format of the benchmark's county: a typical one. */
export const SOURCE = {
  kind: "csv",
  dates: "MM/DD/YYYY",
  statuses: { assigned: "sold" },
  propertyTypes: { sfr: "residential" },
  fields: {
    parcelId: "Parcel",
    certificateNumber: "Certificate",
    taxYear: "Tax Year",
    faceAmount: "Amount Due",
    status: "Status",
    saleDate: "Sale Date",
    interestRate: "Rate",
    propertyType: "Use",
    address: "Address",
    city: "City",
    zip: "Zip",
    owner: "Owner",
    assessedValue: "Full Cash Value",
  },
} as const;

const HEADER =
  "Parcel,Certificate,Tax Year,Amount Due,Status,Sale Date,Rate,Use,Address,City,Zip,Owner,Full Cash Value";
const USES = [
  ["SFR", "residential"],
  ["Vacant Land", "vacant_land"],
  ["Commercial", "commercial"],
] as const;

/**
 * Writes the same liens twice: `county.csv` in the format of a county, `clean.csv` in the format of COPY. Each lien has
 * its own property.
 */
export async function writeLists(county: string, clean: string, rows: number): Promise<void> {
  await Promise.all([
    write(county, [HEADER], rows, (i) => {
      const { parcel, certificate, cents, sold, use, address, zip, owner, value } = lienOf(i);
      const amount = (cents / 100).toFixed(2).replace(/(?=(\d{3})+\.)\B/, ",");
      const [status, day, rate] = sold ? ["Assigned", "02/10/2026", `${sold}.00%`] : ["Available", "", ""];
      return `${parcel},${certificate},2025,"$${amount}",${status},${day},${rate},${use[0]},"${address}",SPRINGS,${zip},"${owner}","$${value}"`;
    }),
    write(clean, [], rows, (i) => {
      const { parcel, certificate, cents, sold, use, address, zip, owner, value } = lienOf(i);
      const [status, day, rate, deadline] = sold
        ? ["sold", "2026-02-10", sold, "2029-02-10"]
        : ["available", "", "", ""];
      return `${parcel},${certificate},2025,${cents / 100},${status},${day},${rate},${use[1]},"${address}",SPRINGS,${zip},"${owner}",${value},${deadline}`;
    }),
  ]);
}

function lienOf(i: number) {
  return {
    parcel: `${101 + (i % 800)}-${10 + (i % 90)}-${i}`,
    certificate: `CP-2026-${i}`,
    cents: 4_000 + ((i * 7_919) % 1_500_000),
    sold: i % 3 === 0 ? 3 + (i % 13) : 0,
    use: USES[i % USES.length]!,
    address: `${100 + (i % 9_000)} N CANYON VIEW RD, UNIT ${i % 50}`,
    zip: 86_000 + (i % 500),
    owner: `OWNER ${i % 250_000}, SAMPLE & CO`,
    value: 5_000 + ((i * 104_729) % 600_000),
  };
}

async function write(file: string, header: string[], rows: number, line: (i: number) => string): Promise<void> {
  const out = createWriteStream(file);
  let text = header.map((one) => `${one}\n`).join("");
  for (let i = 0; i < rows; i++) {
    text += `${line(i)}\n`;
    if (text.length < 1 << 20 && i < rows - 1) continue;
    if (!out.write(text)) await once(out, "drain");
    text = "";
  }
  out.end();
  await once(out, "close");
}
