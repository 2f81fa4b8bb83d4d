import { createHash } from "node:crypto";
import { Script } from "node:vm";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { App } from "#app";
import { getDocs } from "#functions/http/docs/get-docs.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { startAdminApi } from "./admin/admin-api.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

it("the address of the app leads to the page, whatever its parameters", async () => {
  const api = startAdminApi(database.url, []);
  const reply = await api.call("GET", "?from=a-mail");
  expect(reply).toMatchObject({ status: 302, headers: { location: "/api/docs" }, body: null });
  expect((await api.call("HEAD", "")).status).toBe(302);
  await api.close();
});

it("openapi.json is served to viewers", async () => {
  const env = { ROTA_OPERATOR_KEY: "o".repeat(32), ROTA_VIEWER_KEY: "v".repeat(32) };
  const api = startAdminApi(database.url, [], { env });
  expect((await api.call("GET", "api/openapi.json")).status).toBe(401);
  expect((await api.call("GET", `api/openapi.json?code=${env.ROTA_VIEWER_KEY}`)).status).toBe(200);
  await api.close();
});

it("the page loads nothing from other hosts, and its policy allows only its own script and style", async () => {
  const reply = await getDocs.handle({ app: {} as App } as never);
  const page = reply.text!;
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page).not.toMatch(/ on\w+=|style="/);
  const policy = reply.headers!["content-security-policy"]!;
  for (const tag of ["script", "style"]) {
    const [, content] = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)!;
    expect(policy).toContain(`${tag}-src 'sha256-${createHash("sha256").update(content!).digest("base64")}'`);
  }
  expect(policy).toContain("default-src 'none'");
  const [, script] = /<script>([\s\S]*?)<\/script>/.exec(page)!;
  expect(() => new Script(script!), "it is JavaScript").not.toThrow();
  expect(script).not.toContain("innerHTML");
});
