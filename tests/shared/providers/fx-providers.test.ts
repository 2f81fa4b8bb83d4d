import { expect, test } from "vitest";
import type { JobLog } from "#jobs/job-log.ts";
import { startFakeEcb } from "#local/providers/fake-ecb.ts";
import { startFakeFrankfurter } from "#local/providers/fake-frankfurter.ts";
import { fxProviders } from "#providers/fx-providers.ts";
import type { Config } from "#settings/config.ts";

test("the settings name the sources and their order, and a source that fails is logged with its reason", async () => {
  const first = await startFakeEcb();
  const second = await startFakeFrankfurter();
  const warnings: unknown[] = [];
  const log: JobLog = {
    debug: () => undefined,
    info: () => undefined,
    warn: (...line) => warnings.push(line),
    error: () => undefined,
    with: () => log,
  };
  const inOrder = (...order: Config["FX_PROVIDERS"]) => {
    const settings = { ECB_BASE_URL: first.baseUrl, FRANKFURTER_BASE_URL: second.baseUrl, OUTBOUND_TIMEOUT: 30_000 };
    return fxProviders({ ...settings, FX_PROVIDERS: order }, log);
  };
  try {
    const ecbFirst = inOrder("ecb", "frankfurter");
    const frankfurterFirst = inOrder("frankfurter", "ecb");
    expect((await ecbFirst.latest()).source).toBe("ecb");
    expect((await frankfurterFirst.latest()).source).toBe("frankfurter");
    expect(warnings).toEqual([]);

    first.fail({ kind: "403" });
    expect((await ecbFirst.latest()).source).toBe("frankfurter");
    expect(warnings).toMatchObject([[expect.any(String), { provider: "ecb", error: { errorClass: "auth" } }]]);
  } finally {
    await Promise.all([first.close(), second.close()]);
  }
});
