import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type FakeEcb, startFakeEcb } from "#local/providers/fake-ecb.ts";
import { type FaultApi, startFaultApi } from "#local/providers/fault-api.ts";

let ecb: FakeEcb;
let faultApi: FaultApi;
beforeAll(async () => {
  ecb = await startFakeEcb({ asOf: () => new Date("2025-05-14T15:00:00Z") });
  faultApi = await startFaultApi({ ecb });
});
afterAll(() => Promise.all([faultApi.close(), ecb.close()]));
afterEach(() => {
  ecb.recover();
});

async function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${faultApi.url}${path}`, { method, headers, ...(body !== undefined && { body }) });
  return { status: response.status, json: (await response.json()) as { error?: string } };
}
const statusOfEcb = async () => (await fetch(`${ecb.baseUrl}eurofxref-daily.xml`)).status;

describe("the fault API", () => {
  it("breaks a provider until it recovers", async () => {
    expect(await statusOfEcb()).toBe(200);
    expect(await ask("POST", "/ecb/fail", '{"kind":"503"}')).toMatchObject({
      status: 200,
      json: { ecb: { standsAt: ecb.origin, faults: [{ kind: "503" }] } },
    });
    expect([await statusOfEcb(), await statusOfEcb()]).toEqual([503, 503]);
    expect(await ask("POST", "/ecb/recover")).toMatchObject({ json: { ecb: { faults: [] } } });
    expect(await statusOfEcb()).toBe(200);
  });

  it("breaks a provider for a number of requests, and reports the remaining number", async () => {
    await ask("POST", "/ecb/fail", '{"kind":"429","times":2,"retryAfter":"3"}');
    expect(await statusOfEcb()).toBe(429);
    expect(await ask("GET", "/")).toMatchObject({
      json: { ecb: { faults: [{ kind: "429", times: 1, retryAfter: "3" }] } },
    });
    expect([await statusOfEcb(), await statusOfEcb()]).toEqual([429, 200]);
  });

  it("breaks only requests whose path or query contains a text", async () => {
    await ask("POST", "/ecb/fail", '{"kind":"503","only":"hist"}');
    expect(await statusOfEcb()).toBe(200);
    expect((await fetch(`${ecb.baseUrl}eurofxref-hist-90d.xml`)).status).toBe(503);
    expect(await statusOfEcb()).toBe(200);
  });

  it.each([
    ["POST", "/ecb/fail", '{"kind":"504"}', 400, /kind: .*503/],
    ["POST", "/ecb/fail", '{"kind":"503","times":0}', 400, /times/],
    ["POST", "/ecb/fail", "kind=503", 400, /expected a fault such as/],
    ["POST", "/ebc/fail", '{"kind":"503"}', 404, /no fake server ebc; there are ecb/],
    ["POST", "/constructor/recover", "", 404, /no fake server constructor/],
    ["POST", "/ecb/mend", "", 404, /expected GET/],
    ["DELETE", "/", "", 404, /expected GET/],
  ])("rejects %s %s with %s", async (method, path, body, status, reason) => {
    const refused = await ask(method, path, body);
    expect(refused.status).toBe(status);
    expect(refused.json.error).toMatch(reason);
    expect(await statusOfEcb()).toBe(200);
  });

  it("rejects requests of web pages", async () => {
    const refused = await ask("POST", "/ecb/fail", '{"kind":"503"}', { origin: "https://elsewhere.example" });
    expect(refused.status).toBe(403);
    expect(await statusOfEcb()).toBe(200);
  });
});
