/** The input of both ways. */
export const CONSTRAINTS = { budget: "1000000", minYield: 6, maxRiskScore: 45, maxLtv: 0.8 };
/** The local day, and an instant on it. */
export const DAY = "2026-01-01";
export const NOW = "2026-01-01T19:00:00Z";
