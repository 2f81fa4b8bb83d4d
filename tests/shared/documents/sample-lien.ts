import type { LienForMetrics } from "#data/tax-liens/deal-metrics.ts";
import { dealMemoFacts } from "#documents/deal-memo-facts.ts";
import type { LienWhole } from "#documents/lien-facts.ts";
import type { DealMemoFacts } from "#documents/templates/deal-memo.ts";

const at = new Date("2026-02-20T09:00:00Z");
const terms = {
  faceAmount: "4210.55",
  priorLiens: "7305.2",
  penalties: "0",
  premium: "0",
  fees: "185",
  interestRate: "16",
  bidRate: null,
  saleDate: null,
  redemptionDeadline: null,
};
const flags = { bankruptcy: false, environmental: false, codeViolations: true };

/** Made up, as the tables hold it: a lien of Arizona. */
export const sampleLien: LienWhole = {
  lien: {
    id: 12,
    countyId: "saguaro-az",
    taxYear: 2024,
    certificateNumber: "SG-2024-001734",
    identity: "SG-2024-001734",
    propertyId: 7,
    ...terms,
    status: "available",
    contentHash: "5f1d7f1e-0000-4000-8000-000000000000",
    createdAt: at,
    updatedAt: at,
    lastListedOn: null,
    notListedOn: null,
  },
  property: {
    id: 7,
    countyId: "saguaro-az",
    parcelId: "304-12-118",
    address: "1420 E Desert Willow Dr",
    city: "Mesa Alta",
    zip: "85048",
    legalDescription: null,
    owner: "R. Ocotillo",
    propertyType: "residential",
    assessedValue: "41200",
    ...flags,
    createdAt: at,
    updatedAt: at,
  },
  county: {
    id: "saguaro-az",
    name: "Saguaro County",
    state: "AZ",
    active: true,
    timeZone: "America/Phoenix",
    source: {},
    ruleSet: "arizona",
    rules: { medianRedemptionDays: 517 },
    lastRows: 500,
    lastIngestedAt: at,
    createdAt: at,
    updatedAt: at,
  },
  valuation: { value: "96400", day: "2026-01-15", provider: "rentcast" },
};

export const sampleTerms: LienForMetrics = {
  lienId: 12,
  countyId: "saguaro-az",
  status: "available",
  unknownAmounts: [],
  ...terms,
  ...flags,
  propertyType: "residential",
  ruleSet: "arizona",
  countyRules: { medianRedemptionDays: 517 },
  valuation: { value: "96400", day: "2026-01-15", provider: "rentcast" },
  subsequentTaxes: [],
};

/** The memo on it, with what became of it as a deal. */
export function sampleMemo(): DealMemoFacts {
  const weights = { ltv: 40, property_type: 20, valuation_age: 15, redemption_time: 15, flags: 10 };
  return {
    ...dealMemoFacts(sampleLien, sampleTerms, { asOf: "2026-03-10", weights }),
    deal: {
      rank: 3,
      deals: 41,
      status: "approved",
      decisions: [
        { on: "2026-03-06", decision: "watchlist", by: "agent", reason: "An open code violation; ask the city first." },
        { on: "2026-03-10", decision: "approved", by: "user:ada", reason: "The violation was closed on March 9." },
      ],
    },
  };
}
