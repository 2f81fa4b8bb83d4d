import { join } from "node:path";
import { choosePort } from "../ports.ts";
import { startFakeAlphaVantage } from "../providers/fake-alpha-vantage.ts";
import { startFakeCounty } from "../providers/fake-county.ts";
import { startFakeEcb } from "../providers/fake-ecb.ts";
import { startFakeFrankfurter } from "../providers/fake-frankfurter.ts";
import { demoContacts, startFakeHubspot } from "../providers/fake-hubspot.ts";
import { demoExecutions, startFakeN8n } from "../providers/fake-n8n.ts";
import { demoPages, FAKE_NOTION_DATA_SOURCE, startFakeNotion } from "../providers/fake-notion.ts";
import { startFakeStooq } from "../providers/fake-stooq.ts";
import { startFakeTelegram } from "../providers/fake-telegram.ts";
import { startFakeTwelveData } from "../providers/fake-twelve-data.ts";
import { startFakeTwilio } from "../providers/fake-twilio.ts";
import { startFakeYahoo } from "../providers/fake-yahoo.ts";
import { startFaultApi } from "../providers/fault-api.ts";

export interface DemoProviders {
  /** The app's settings for these providers. */
  readonly settings: Record<string, string>;
  /** The address of the API that injects faults. */
  readonly controlUrl: string;
  readonly close: () => Promise<void>;
}

/** The providers of demo mode: fake servers on loopback that serve sample data in the true formats. */
export async function startDemoProviders(stateDirectory: string): Promise<DemoProviders> {
  // A fixed port: the first start stores the county's address in the database.
  const countyPort = await choosePort({
    port: undefined,
    rememberIn: join(stateDirectory, "demo-county-port"),
    what: "the demo's county server",
    setting: "no setting",
  });
  const now = new Date();
  const [ecb, frankfurter, yahoo, alphaVantage, twelveData, stooq, county, telegram, twilio, notion, n8n, hubspot] =
    await Promise.all([
      startFakeEcb(),
      startFakeFrankfurter(),
      startFakeYahoo(),
      startFakeAlphaVantage(),
      startFakeTwelveData(),
      startFakeStooq(),
      startFakeCounty({ port: countyPort }),
      startFakeTelegram(),
      startFakeTwilio(),
      startFakeNotion({ pages: demoPages(now) }),
      startFakeN8n({ executions: demoExecutions(now) }),
      startFakeHubspot({ contacts: demoContacts(now) }),
    ]);
  const servers = {
    ecb,
    frankfurter,
    yahoo,
    "alpha-vantage": alphaVantage,
    "twelve-data": twelveData,
    stooq,
    county,
    telegram,
    twilio,
    notion,
    n8n,
    hubspot,
  };
  const port = await choosePort({
    port: undefined,
    rememberIn: join(stateDirectory, "demo-port"),
    what: "the demo's fault API",
    setting: "no setting",
  });
  const control = await startFaultApi(servers, { port });
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
      TELEGRAM_BASE_URL: telegram.origin,
      TELEGRAM_BOT_TOKEN: telegram.token,
      TWILIO_BASE_URL: twilio.origin,
      TWILIO_ACCOUNT_SID: twilio.accountSid,
      TWILIO_AUTH_TOKEN: twilio.authToken,
      TWILIO_FROM: "+15005550006",
      NOTION_BASE_URL: notion.origin,
      NOTION_TOKEN: "demo",
      NOTION_DATA_SOURCES: FAKE_NOTION_DATA_SOURCE,
      N8N_BASE_URL: n8n.origin,
      N8N_API_KEY: "demo",
      HUBSPOT_BASE_URL: hubspot.origin,
      HUBSPOT_TOKEN: "demo",
    },
    controlUrl: control.url,
    close: async () => {
      await Promise.all([control, ...Object.values(servers)].map((server) => server.close()));
    },
  };
}
