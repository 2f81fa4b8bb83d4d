import { describe, expect, it } from "vitest";
import { principalHeader } from "../shared/http/principals.ts";
import { type RunningStack, startStack, stateDirectory } from "./stack-process.ts";

const viewerKey = "a-viewers-key-a-viewers-key-a-viewers-key";

const state = await stateDirectory();

async function ask(app: RunningStack, path: string, { method = "GET", ...headers }: Record<string, string> = {}) {
  const response = await fetch(`${app.url}/${path}`, { method, headers });
  const text = await response.text();
  return { status: response.status, type: response.headers.get("content-type"), text };
}

describe("the app that npm start runs", () => {
  it("rejects requests without a key, also with a forged principal", async () => {
    const app = await startStack(state, { env: { ROTA_VIEWER_KEY: viewerKey } });
    const paths = ["api/admin/jobs", "api/admin/controls", "api/jobs/health", "api/v1/exchange-rates"];
    for (const path of paths) expect((await ask(app, path)).status, path).toBe(401);
    const refused = await ask(app, "api/admin/jobs", { "x-ms-client-principal": principalHeader(["rota.operator"]) });
    expect(refused).toMatchObject({ status: 401, type: "application/problem+json" });
    expect(refused.text).toContain("ROTA_OPERATOR_KEY or ROTA_VIEWER_KEY");
    expect((await ask(app, "api/admin/jobs", { method: "DELETE" })).status, "the methods are not disclosed").toBe(401);
    expect((await ask(app, "api/health/live")).status).toBe(200);
    expect(await ask(app, ""), "it follows the redirect").toMatchObject({
      status: 200,
      type: "text/html; charset=utf-8",
    });
    expect(app.output()).toContain(`${app.url}/api/docs`);

    expect((await ask(app, "api/admin/jobs", { "x-functions-key": viewerKey })).status).toBe(200);
    const change = { method: "POST", "x-functions-key": viewerKey };
    expect((await ask(app, "api/admin/jobs/cleanup_fx_updates/run", change)).status).toBe(403);
    expect((await ask(app, `api/admin/me?code=${viewerKey}`)).text).toBe('{"caller":"viewer key","role":"viewer"}');

    const run = await app.call<{ requestedBy: string }>("POST", "api/admin/jobs/cleanup_fx_updates/run");
    expect(run).toMatchObject({ status: 202, body: { requestedBy: "operator key" } });
    expect(await app.stop()).toBe(0);
  });

  it("behind Easy Auth uses the principal's role, and stores the name in the ledger", async () => {
    const app = await startStack(state, { env: { WEBSITE_AUTH_ENABLED: "True" } });
    const viewer = { "x-ms-client-principal": principalHeader(["rota.viewer"]) };
    const operator = { "x-ms-client-principal": principalHeader(["rota.operator"]), method: "POST" };
    const run = "api/admin/jobs/cleanup_fx_updates/run";
    expect((await ask(app, "api/admin/jobs", viewer)).status).toBe(200);
    expect((await ask(app, run, { ...viewer, method: "POST", origin: app.url })).status).toBe(403);
    expect((await ask(app, run, { ...operator, origin: "https://evil.example.org" })).text).toContain(
      "cross-site-request",
    );
    const started = await ask(app, run, { ...operator, origin: app.url });
    expect(started.status).toBe(202);
    expect(JSON.parse(started.text)).toMatchObject({ requestedBy: "entra:ada@example.org" });
    expect(await app.stop()).toBe(0);
  });
});
