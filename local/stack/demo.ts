import { startEcbStandIn } from "../providers/ecb.ts";
import { startFrankfurterStandIn } from "../providers/frankfurter.ts";

/** Providers of demo mode: stand-ins on loopback that serve sample data in the true format. */
export async function startDemoProviders(): Promise<{ settings: Record<string, string>; close: () => Promise<void> }> {
  const [ecb, frankfurter] = await Promise.all([startEcbStandIn(), startFrankfurterStandIn()]);
  return {
    settings: { ECB_BASE_URL: ecb.baseUrl, FRANKFURTER_BASE_URL: frankfurter.baseUrl },
    close: async () => {
      await Promise.all([ecb.close(), frankfurter.close()]);
    },
  };
}
