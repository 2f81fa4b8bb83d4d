import { join } from "node:path";
import { choosePort } from "../ports.ts";
import { startProviderControl } from "../providers/control.ts";
import { startEcbStandIn } from "../providers/ecb.ts";
import { startFrankfurterStandIn } from "../providers/frankfurter.ts";

export interface DemoProviders {
  /** What makes the app ask them. */
  readonly settings: Record<string, string>;
  /** Where they can be broken and mended. */
  readonly controlUrl: string;
  readonly close: () => Promise<void>;
}

/** Providers of demo mode: stand-ins on loopback that serve sample data in the true format. */
export async function startDemoProviders(stateDirectory: string): Promise<DemoProviders> {
  const [ecb, frankfurter] = await Promise.all([startEcbStandIn(), startFrankfurterStandIn()]);
  const port = await choosePort({
    ...{ port: undefined, rememberIn: join(stateDirectory, "demo-port") },
    ...{ what: "the control of the demo's providers", setting: "no setting" },
  });
  const control = await startProviderControl({ ecb, frankfurter }, { port });
  return {
    settings: { ECB_BASE_URL: ecb.baseUrl, FRANKFURTER_BASE_URL: frankfurter.baseUrl },
    controlUrl: control.url,
    close: async () => {
      await Promise.all([control, ecb, frankfurter].map((server) => server.close()));
    },
  };
}
