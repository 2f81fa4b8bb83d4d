import type { Route } from "#http/route.ts";
import { addEtf } from "./add-etf.ts";
import { changeEtf } from "./change-etf.ts";
import { getEtfPrices } from "./get-etf-prices.ts";
import { getEtfs } from "./get-etfs.ts";
import { getExchangeRates } from "./get-exchange-rates.ts";
import { getUpdates } from "./get-updates.ts";
import { addContributions } from "./pensions/add-contributions.ts";
import { createPension } from "./pensions/create-pension.ts";
import { getPension } from "./pensions/get-pension.ts";
import { getPensionValues } from "./pensions/get-pension-values.ts";
import { getPensions } from "./pensions/get-pensions.ts";
import { revaluePension } from "./pensions/revalue-pension.ts";
import { rejectSuspectPoint, releaseSuspectPoint } from "./suspects/decide-suspect-point.ts";
import { getSuspectPoints } from "./suspects/get-suspect-points.ts";
import { withdrawSuspectPoint } from "./suspects/withdraw-suspect-point.ts";
import { updateEtf } from "./update-etf.ts";
import { updateHistorical } from "./update-historical.ts";
import { updateLatest } from "./update-latest.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [
  updateLatest,
  updateHistorical,
  getExchangeRates,
  addEtf,
  changeEtf,
  updateEtf,
  getEtfs,
  getEtfPrices,
  getUpdates,
  createPension,
  getPensions,
  getPension,
  getPensionValues,
  addContributions,
  revaluePension,
  getSuspectPoints,
  releaseSuspectPoint,
  rejectSuspectPoint,
  withdrawSuspectPoint,
];
