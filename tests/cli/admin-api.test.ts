import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { adminStandIn, type Answer, closedAddress, problem } from "./admin-stand-in.ts";
import { rota } from "./rota.ts";

describe("finding the app", () => {
  test("ROTA_URL and ROTA_KEY name it, and the key goes in the header", async () => {
    const app = await adminStandIn(() => ({ json: { jobs: [] } }));
    await rota(["jobs"], { env: { ...app.env, ROTA_URL: `${app.url}/` } });
    expect(app.asked).toMatchObject([
      { method: "GET", path: "/api/admin/jobs", headers: { "x-functions-key": app.key } },
    ]);
  });

  test("without them it is the one that npm start has written down", async () => {
    const app = await adminStandIn(() => ({ json: { jobs: [] } }));
    const root = await projectRunning(app);
    expect(await rota(["jobs"], { root })).toMatchObject({ code: 0, stderr: "" });
    expect(app.asked).toMatchObject([{ headers: { "x-functions-key": app.key } }]);
  });

  test("the key of npm start is not sent to another address", async () => {
    const app = await adminStandIn(() => ({ json: { jobs: [] } }));
    const root = await projectRunning(app);
    const { code, stderr } = await rota(["jobs"], { root, env: { ROTA_URL: app.url } });
    expect(app.asked[0]?.headers).not.toHaveProperty("x-functions-key");
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `The app at ${app.url} asks for a key: set ROTA_KEY to one of its function keys.\n`,
    });
  });

  test("what npm start wrote counts only while its process lives", async () => {
    const app = await adminStandIn(() => ({ json: { jobs: [] } }));
    // Beyond the highest process id that any system gives.
    const root = await projectRunning({ ...app, pid: 2 ** 30 });
    await rota(["jobs"], { root });
    expect(app.asked).toEqual([]);
  });

  test.each(["ftp://example.com", "my-app.azurewebsites.net", "https://me@example.com"])(
    "an address such as %s is refused",
    async (address) => {
      expect(await rota(["jobs"], { env: { ROTA_URL: address, ROTA_KEY: "k" } })).toEqual({
        code: 1,
        stdout: "",
        stderr: `ROTA_URL: expected an address such as https://my-app.azurewebsites.net, got "${address}".\n`,
      });
    },
  );
});

describe("what goes wrong is one sentence and exit code 1", () => {
  test("nobody is there", async () => {
    const url = await closedAddress();
    expect(await rota(["jobs"], { env: { ROTA_URL: url, ROTA_KEY: "k" } })).toEqual({
      code: 1,
      stdout: "",
      stderr: `No app answers at ${url}. Start it with npm start, or set ROTA_URL and ROTA_KEY.\n`,
    });
  });

  test("the connection breaks", async () => {
    expect(await refused({ hangUp: true })).toMatch(/^No app answers at http:/);
  });

  test("the key is wrong", async () => {
    const app = await adminStandIn(() => ({ json: {} }));
    const outcome = await rota(["jobs"], { env: { ...app.env, ROTA_KEY: "an-old-key" } });
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr: `The app at ${app.url} refuses the key in ROTA_KEY: set ROTA_KEY to one of its function keys.\n`,
    });
  });

  test("the key that npm start left is wrong", async () => {
    const app = await adminStandIn(() => ({ json: {} }));
    const { stderr } = await rota(["jobs"], { root: await projectRunning({ ...app, key: "old" }) });
    expect(stderr).toBe(
      `The app at ${app.url} refuses the key that npm start left here: start it anew with npm start, or set ROTA_KEY.\n`,
    );
  });

  test("the key cannot be a key, and is not shown", async () => {
    const app = await adminStandIn(() => ({ json: {} }));
    const { code, stderr } = await rota(["jobs"], { env: { ...app.env, ROTA_KEY: "schlüssel–1" } });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "ROTA_KEY holds characters that no key has.\n" });
  });

  test("the app says why", async () => {
    expect(await refused(problem(500, "something went wrong here"))).toBe("The app says: something went wrong here\n");
  });

  test("it is something else that answers there", async () => {
    const page: Answer = { headers: { "content-type": "text/html" }, text: "<h1>Welcome</h1>" };
    expect(await refused(page)).toMatch(
      /^What answers at .* is no Rota app: GET api\/admin\/jobs gave 200 text\/html\. /,
    );
    expect(await refused({ status: 404, text: "" })).toMatch(/gave 404 without a content type\. Set ROTA_URL/);
    expect(await refused({ headers: { "content-type": "application/json" }, text: "{" })).toMatch(/is no Rota app/);
  });

  test("the app is starting", async () => {
    expect(await refused({ status: 503, text: "" })).toMatch(
      / is not up yet \(503 without a content type\); try again/,
    );
  });

  test("a redirect is not followed, since it would take the key along", async () => {
    const elsewhere = await adminStandIn(() => ({ json: { jobs: [] } }));
    const said = await refused({ status: 301, headers: { location: `${elsewhere.url}/api/admin/jobs` }, text: "" });
    expect(said).toMatch(new RegExp(` leads on to ${elsewhere.url}/api/admin/jobs: set ROTA_URL`));
    expect(elsewhere.asked).toEqual([]);
  });

  test("what the app says cannot steer the terminal", async () => {
    const said = await refused(problem(404, "there is no \u001b[2J\u001b]0;owned\u0007 job"));
    expect(said).not.toMatch(/[\u0007\u001b]/); // eslint-disable-line no-control-regex
  });
});

/** What `jobs` says on stderr when the app answers so. */
async function refused(answer: Answer): Promise<string> {
  const app = await adminStandIn(() => answer);
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
