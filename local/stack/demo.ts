import { join } from "node:path";
import { choosePort } from "../ports.ts";
import { startAlphaVantageStandIn } from "../providers/alpha-vantage.ts";
import { startProviderControl } from "../providers/control.ts";
import { startCountyStandIn } from "../providers/county.ts";
import { startEcbStandIn } from "../providers/ecb.ts";
import { startFrankfurterStandIn } from "../providers/frankfurter.ts";
import { startStooqStandIn } from "../providers/stooq.ts";
import { startTwelveDataStandIn } from "../providers/twelve-data.ts";
import { startYahooStandIn } from "../providers/yahoo.ts";

export interface DemoProviders {
  /** What makes the app ask them. */
  readonly settings: Record<string, string>;
  /** Where they can be broken and mended. */
  readonly controlUrl: string;
  readonly close: () => Promise<void>;
}

/** Providers of demo mode: stand-ins on loopback that serve sample data in the true format. */
export async function startDemoProviders(stateDirectory: string): Promise<DemoProviders> {
  // The county's address is in the database, from the first start on.
  const countyPort = await choosePort({
    port: undefined,
    rememberIn: join(stateDirectory, "demo-county-port"),
    what: "the demo's county",
    setting: "no setting",
  });
  const [ecb, frankfurter, yahoo, alphaVantage, twelveData, stooq, county] = await Promise.all([
    startEcbStandIn(),
    startFrankfurterStandIn(),
    startYahooStandIn(),
    startAlphaVantageStandIn(),
    startTwelveDataStandIn(),
    startStooqStandIn(),
    startCountyStandIn({ port: countyPort }),
  ]);
  const standIns = { ecb, frankfurter, yahoo, "alpha-vantage": alphaVantage, "twelve-data": twelveData, stooq, county };
  const port = await choosePort({
    port: undefined,
    rememberIn: join(stateDirectory, "demo-port"),
    what: "the control of the demo's providers",
    setting: "no setting",
  });
  const control = await startProviderControl(standIns, { port });
  return {
    settings: {
      ECB_BASE_URL: ecb.baseUrl,
      FRANKFURTER_BASE_URL: frankfurter.baseUrl,
      ETF_PROVIDERS: "yahoo,twelve-data,alpha-vantage,stooq",
      YAHOO_BASE_URL: yahoo.baseUrl,
      ALPHA_VANTAGE_BASE_URL: alphaVantage.baseUrl,
      ALPHA_VANTAGE_KEY: "demo",
      TWELVE_DATA_BASE_URL: twelveData.baseUrl,
      TWELVE_DATA_KEY: "demo",
      STOOQ_BASE_URL: stooq.baseUrl,
      STOOQ_KEY: "demo",
      COUNTY_LISTS_LOOPBACK: "true",
    },
    controlUrl: control.url,
    close: async () => {
      await Promise.all([control, ...Object.values(standIns)].map((server) => server.close()));
    },
  };
}
