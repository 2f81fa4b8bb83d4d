import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { type Answer, closedAddress, problem, startFakeAdminApi } from "./fake-admin-api.ts";
import { rota } from "./rota.ts";

describe("finding the app", () => {
  test("ROTA_URL and ROTA_KEY name it, and the key goes in the header", async () => {
    const app = await startFakeAdminApi(() => ({ json: { jobs: [] } }));
    await rota(["jobs"], { env: { ...app.env, ROTA_URL: `${app.url}/` } });
    expect(app.asked).toMatchObject([
      { method: "GET", path: "/api/admin/jobs", headers: { "x-functions-key": app.key } },
    ]);
  });

  test("without them it is the app in the state file of npm start", async () => {
    const app = await startFakeAdminApi(() => ({ json: { jobs: [] } }));
    const root = await projectRunning(app);
    expect(await rota(["jobs"], { root })).toMatchObject({ code: 0, stderr: "" });
    expect(app.asked).toMatchObject([{ headers: { "x-functions-key": app.key } }]);
  });

  test("the key of npm start is not sent to ROTA_URL", async () => {
    const app = await startFakeAdminApi(() => ({ json: { jobs: [] } }));
    const root = await projectRunning(app);
    const { code, stderr } = await rota(["jobs"], { root, env: { ROTA_URL: app.url } });
    expect(app.asked[0]?.headers).not.toHaveProperty("x-functions-key");
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `The app at ${app.url} requires a key: set ROTA_KEY to one of its function keys.\n`,
    });
  });

  test("the state file of npm start counts only while its process lives", async () => {
    const app = await startFakeAdminApi(() => ({ json: { jobs: [] } }));
    // Above the highest process id of any system.
    const root = await projectRunning({ ...app, pid: 2 ** 30 });
    await rota(["jobs"], { root });
    expect(app.asked).toEqual([]);
  });

  test.each(["ftp://example.com", "my-app.azurewebsites.net", "https://me@example.com"])(
    "an address such as %s is rejected",
    async (address) => {
      expect(await rota(["jobs"], { env: { ROTA_URL: address, ROTA_KEY: "k" } })).toEqual({
        code: 1,
        stdout: "",
        stderr: `ROTA_URL: expected an address such as https://my-app.azurewebsites.net, got "${address}".\n`,
      });
    },
  );
});

describe("an error is one sentence and exit code 1", () => {
  test("no server listens", async () => {
    const url = await closedAddress();
    expect(await rota(["jobs"], { env: { ROTA_URL: url, ROTA_KEY: "k" } })).toEqual({
      code: 1,
      stdout: "",
      stderr: `No app answers at ${url}. Start it with npm start, or set ROTA_STATE to its state folder, or set ROTA_URL and ROTA_KEY.\n`,
    });
  });

  test("the connection breaks", async () => {
    expect(await errorFor({ hangUp: true })).toMatch(/^No app answers at http:/);
  });

  test("the key is wrong", async () => {
    const app = await startFakeAdminApi(() => ({ json: {} }));
    const outcome = await rota(["jobs"], { env: { ...app.env, ROTA_KEY: "an-old-key" } });
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr: `The app at ${app.url} rejects the key in ROTA_KEY: set ROTA_KEY to one of its function keys.\n`,
    });
  });

  test("the stored key of npm start is wrong", async () => {
    const app = await startFakeAdminApi(() => ({ json: {} }));
    const { stderr } = await rota(["jobs"], { root: await projectRunning({ ...app, key: "old" }) });
    expect(stderr).toBe(
      `The app at ${app.url} rejects the key that npm start stored here: restart it with npm start, or set ROTA_KEY.\n`,
    );
  });

  test("the key has forbidden characters and is not shown", async () => {
    const app = await startFakeAdminApi(() => ({ json: {} }));
    const { code, stderr } = await rota(["jobs"], { env: { ...app.env, ROTA_KEY: "schlüssel–1" } });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "ROTA_KEY holds characters that a key cannot contain; copy the key again.\n",
    });
  });

  test("the app gives the reason", async () => {
    expect(await errorFor(problem(500, "something went wrong here"))).toBe(
      "The app answers: something went wrong here\n",
    );
  });

  test("another server answers at the address", async () => {
    const page: Answer = { headers: { "content-type": "text/html" }, text: "<h1>Welcome</h1>" };
    expect(await errorFor(page)).toMatch(
      /^The server at .* is not a Rota app: GET api\/admin\/jobs gave 200 text\/html\. /,
    );
    expect(await errorFor({ status: 404, text: "" })).toMatch(/gave 404 without a content type\. Set ROTA_URL/);
    expect(await errorFor({ headers: { "content-type": "application/json" }, text: "{" })).toMatch(/is not a Rota app/);
  });

  test("the app is starting", async () => {
    expect(await errorFor({ status: 503, text: "" })).toMatch(
      / is not up yet \(503 without a content type\); try again/,
    );
  });

  test("a redirect is not followed, because that would send the key to another server", async () => {
    const elsewhere = await startFakeAdminApi(() => ({ json: { jobs: [] } }));
    const message = await errorFor({ status: 301, headers: { location: `${elsewhere.url}/api/admin/jobs` }, text: "" });
    expect(message).toMatch(new RegExp(` redirects to ${elsewhere.url}/api/admin/jobs: set ROTA_URL`));
    expect(elsewhere.asked).toEqual([]);
  });

  test("control characters of the app's answer do not reach the terminal", async () => {
    const message = await errorFor(problem(404, "there is no \u001b[2J\u001b]0;owned\u0007 job"));
    expect(message).not.toMatch(/[\u0007\u001b]/); // eslint-disable-line no-control-regex
  });
});

/** The stderr of `jobs` after this answer of the app. */
async function errorFor(answer: Answer): Promise<string> {
  const app = await startFakeAdminApi(() => answer);
  const { code, stdout, stderr } = await rota(["jobs"], { env: app.env });
  expect({ code, stdout, lines: stderr.split("\n").length }).toEqual({ code: 1, stdout: "", lines: 2 });
  return stderr;
}

async function projectRunning({
  url,
  key,
  pid = process.pid,
}: {
  url: string;
  key: string;
  pid?: number;
}): Promise<string> {
  const root = await temporaryDirectory();
  await mkdir(join(root, ".rota"));
  await writeFile(
    join(root, ".rota/app.json"),
    JSON.stringify({ url, key, pid, databaseUrl: "postgres://127.0.0.1/rota", settings: {} }),
  );
  return root;
}
