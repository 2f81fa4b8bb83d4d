/** Made-up facts, as the API takes them. */
export const dealFacts = {
  asOf: "2026-03-10",
  lien: {
    certificate: "AZ-2024-001734",
    county: "Maricopa County",
    state: "Arizona",
    taxYear: 2024,
    status: "available",
    face: "4210.55",
    rate: "0.16",
    soldOn: "2025-02-11",
    redeemableUntil: "2028-02-11",
  },
  property: {
    parcel: "304-12-118",
    address: "1420 E Desert Willow Dr, Phoenix, AZ 85048",
    type: "residential",
    value: "348000",
    valuedOn: "2026-01-15",
  },
  metrics: {
    cost: "4395.55",
    ltv: "0.0331",
    expectedYield: "0.1462",
    risk: 23.4,
    score: 84.2,
    riskParts: [
      { part: "Loan to value", points: 0 },
      { part: "Property type", points: 4 },
      { part: "Age of the valuation", points: 2.2 },
      { part: "Time to redemption", points: 10.5 },
      { part: "Flags", points: 6.7 },
    ],
  },
  cashFlows: [
    { date: "2026-03-10", what: "Purchase: face, premium and fees", amount: "-4395.55" },
    { date: "2027-08-10", what: "Redemption: face and interest", amount: "5305.29" },
  ],
};

export const statementFacts = (holdings: number) => ({
  asOf: "2026-02-28",
  portfolio: "Saguaro Fund I",
  nav: "1284310.77",
  book: "1190000.00",
  accrued: "98310.77",
  writeDowns: "4000.00",
  holdings: Array.from({ length: holdings }, (_, at) => ({
    certificate: `AZ-2024-${String(at + 1).padStart(6, "0")}`,
    county: at % 3 ? "Maricopa" : "Pima",
    purchasedOn: "2025-02-11",
    book: `${5_000 + at * 13}.25`,
    accrued: `${412 + at}.10`,
    writeDown: at % 17 ? "0" : "250.00",
  })),
  unvalued: ["AZ-2024-000004"],
  history: [
    { date: "2025-11-30", nav: "1190200.10" },
    { date: "2025-12-31", nav: "1221870.44" },
    { date: "2026-01-31", nav: "1253002.90" },
    { date: "2026-02-28", nav: "1284310.77" },
  ],
});

export const diligenceFacts = {
  asOf: "2026-03-10",
  lien: dealFacts.lien,
  property: dealFacts.property,
  checks: [
    { check: "Title search", result: "pass", detail: "The chain of title is whole since 1987." },
    { check: "Environmental lists", result: "warning", detail: "A closed fuel tank lies 300 m to the north." },
    { check: "Bankruptcy of the owner", result: "pass", detail: "None on record." },
    { check: "Code violations", result: "fail", detail: "An open notice of 2025-09-02: unsafe pool fence." },
  ],
  priorLiens: [{ holder: "City of Phoenix, weed abatement", amount: "615.00", recordedOn: "2025-06-19" }],
  notes: "The owner redeemed the certificates of 2019 and 2021 within eleven months.",
};
