import type { DemoApi, DemoData } from "./demo-data.ts";

const COUNTY = "sample-county";

interface Ingested {
  readonly state: string;
  readonly result: { readonly retrieved: number; readonly created: number; readonly failed: number } | null;
}

interface StoredCounty {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly active: boolean;
  readonly timeZone: string;
  readonly ruleSet: string;
  readonly rules: Readonly<Record<string, unknown>>;
  readonly source: Readonly<Record<string, unknown>> & { readonly url?: string };
}

interface LienPage {
  readonly liens: readonly {
    readonly property: { readonly parcelId: string; readonly assessedValue: string | null };
  }[];
  readonly next: number | null;
}

/** A county whose list is ingested immediately, with invalid rows, and values of most of its properties. */
export const countyDemo: DemoData = {
  family: "tax liens",
  async load(api) {
    await api.put(`api/counties/${COUNTY}`, configurationOf(await api.provider("county")));
    const ingest = `api/admin/jobs/ingest_county_liens/run?wait=30`;
    const { state, result } = await api.post<Ingested>(ingest, { countyId: COUNTY }, "demo:county-list");
    if (state !== "succeeded" || !result) throw new Error(`ingest_county_liens of ${COUNTY} is ${state}`);
    await appraise(api);
    const [rows, rejected] = [result.retrieved, result.failed];
    return `a county's list of ${rows} rows, ${rejected} of them rejected: api/counties/${COUNTY}/ingestions`;
  },
  restart: correctAddress,
};

/** Of the county, only the address of its list: a person may have changed the rest. */
async function correctAddress(api: DemoApi): Promise<void> {
  const { counties } = await api.get<{ counties: readonly StoredCounty[] }>("api/counties");
  const county = counties.find(({ id }) => id === COUNTY);
  const stored = county?.source.url === undefined ? null : new URL(county.source.url);
  const origin = await api.provider("county");
  if (!county || stored?.hostname !== "127.0.0.1" || stored.origin === origin) return;
  const { name, state, active, timeZone, ruleSet, rules, source } = county;
  const url = `${origin}${stored.pathname}${stored.search}`;
  await api.put(`api/counties/${COUNTY}`, {
    name,
    state,
    active,
    timeZone,
    ruleSet,
    rules,
    source: { ...source, url },
  });
}

/** docs/tax-liens.md explains each part. */
function configurationOf(origin: string) {
  return {
    name: "Sample County",
    state: "AZ",
    timeZone: "America/Phoenix",
    ruleSet: "arizona",
    rules: { certificatePattern: "CP-\\d{4}-\\d+", medianRedemptionDays: 420 },
    source: {
      kind: "csv",
      url: `${origin}/treasurer/tax-certificates.csv`,
      skipLines: 1,
      dates: "MM/DD/YYYY",
      statuses: { assigned: "sold" },
      propertyTypes: { sfr: "residential", unclassified: "unknown" },
      fields: {
        parcelId: "Parcel Number",
        certificateNumber: "Certificate No.",
        taxYear: "Tax Year",
        faceAmount: "Amount Due",
        priorLiens: "Prior Taxes",
        status: "Status",
        saleDate: "Sale Date",
        interestRate: "Interest Rate",
        propertyType: "Property Use",
        address: "Situs Address",
        city: "City",
        zip: "Zip",
        owner: "Owner Name",
        assessedValue: "Full Cash Value",
        bankruptcy: "Bankruptcy",
      },
    },
  };
}

/**
 * Nine of ten properties get a valuation near the county's value, some days old: an analysis needs them, and must
 * handle missing ones.
 */
async function appraise(api: DemoApi): Promise<void> {
  const parcels = new Map<string, string>();
  for (let cursor: number | null = 0; cursor !== null;) {
    const page: LienPage = await api.get(`api/liens?county=${COUNTY}&limit=1000&cursor=${cursor}`);
    for (const { property } of page.liens) {
      if (property.assessedValue !== null) parcels.set(property.parcelId, property.assessedValue);
    }
    cursor = page.next;
  }
  const valuations = [...parcels]
    .filter((_, i) => i % 10 !== 9)
    .map(([parcelId, assessed], i) => ({
      county: COUNTY,
      parcelId,
      provider: "sample-appraiser",
      day: new Date(api.now.getTime() - (5 + (i % 200)) * 86_400_000).toISOString().slice(0, 10),
      value: (Number(assessed) * (0.85 + (i % 41) / 100)).toFixed(2),
    }));
  await api.post("api/property-valuations", { valuations });
}
