import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { type AppFiles, startHost, startupErrors, writeApp } from "./host-harness.ts";

const registering = (calls: string): AppFiles => ({
  "main.js": `import { app } from "@azure/functions"; const handler = () => ({});\n${calls}`,
});
const FINE = registering('app.http("fine", { handler });');

describe("A host rejects", () => {
  it.each<[string, AppFiles, string | RegExp]>([
    [
      "a function whose name begins with admin",
      registering('app.http("adminJobs", { handler });'),
      /"adminJobs" begins with admin/,
    ],
    [
      "a route that begins with admin",
      registering('app.http("jobs", { route: "/Admin/jobs", handler });'),
      /malformed|begins with admin/,
    ],
    [
      "a route that begins with runtime",
      registering('app.http("jobs", { route: "runtime", handler });'),
      /"runtime" begins with runtime/,
    ],
    [
      "a prefix that makes a route begin with admin",
      { ...FINE, "host.json": '{ "version": "2.0", "extensions": { "http": { "routePrefix": "admin" } } }' },
      /"admin\/fine" begins with admin/,
    ],
    [
      "a leading slash under a prefix",
      registering('app.http("x", { route: "/x", handler });'),
      /"api\/\/x" is malformed.*Remove one/,
    ],
    [
      "a malformed route",
      registering('app.http("x", { route: "{id:whole}", handler });'),
      /"whole" is no route constraint/,
    ],
    [
      "two functions of one name in other case",
      registering('app.http("Same", { route: "a", handler }); app.http("same", { route: "b", handler });'),
      '2 functions have the same name: "Same", "same". Names ignore case; rename all but one.',
    ],
    [
      "two functions on one route with a common method",
      registering(
        'app.get("a", { route: "x/{id}", handler }); app.http("b", { route: "X/{id}", methods: ["GET", "PUT"], handler });',
      ),
      'Functions "a" and "b" both answer GET on the route "api/X/{id}". Change one of them.',
    ],
    [
      "five fields",
      registering('app.timer("t", { schedule: "*/5 * * * *", handler });'),
      /Function "t".*expected 6 fields, got 5.*"0 \*\/5 \* \* \* \*"/,
    ],
    [
      "a malformed field",
      registering('app.timer("t", { schedule: "0 61 * * * *", handler });'),
      /the minute field takes 0 to 59, got 61/,
    ],
    [
      "a schedule whose setting is missing",
      registering('app.timer("t", { schedule: "%WHEN%", handler });'),
      /needs the setting WHEN, which is missing/,
    ],
    [
      "a name with characters that Azure rejects",
      registering('app.http("my.function", { route: "x", handler });'),
      /"my.function".*letters, digits, _ and -/,
    ],
    ["the name host", registering('app.http("host", { route: "x", handler });'), /is not host/],
    [
      "an unknown authLevel",
      registering('app.http("x", { authLevel: "system", handler });'),
      /authLevel must be anonymous, function or admin, got "system"/,
    ],
    [
      "a queue whose connection is missing",
      registering('app.serviceBusQueue("q", { queueName: "q", connection: "BUS", handler });'),
      /needs the setting BUS with a connection string, but it is missing/,
    ],
    [
      "a queue whose name is missing",
      registering('app.serviceBusQueue("q", { queueName: "%Q%", connection: "FINE", handler });'),
      /needs the setting Q/,
    ],
    [
      "a topic",
      registering('app.serviceBusTopic("q", { topicName: "t", subscriptionName: "s", connection: "FINE", handler });'),
      /no topic triggers/,
    ],
    [
      "a trigger that it does not have",
      registering('app.storageQueue("q", { queueName: "q", connection: "C", handler });'),
      /no trigger of type "queueTrigger"/,
    ],
    [
      "a binding that it does not have",
      registering(
        'import { output } from "@azure/functions"; app.http("x", { handler, extraOutputs: [output.storageBlob({ path: "p", connection: "C" })] });',
      ),
      /no binding of type "blob"/,
    ],
    [
      "a retry policy",
      registering(
        'app.timer("t", { schedule: "0 0 * * * *", handler, retry: { strategy: "fixedDelay", maxRetryCount: 1, delayInterval: 1 } });',
      ),
      /no retry policies/,
    ],
    ["an app without functions", { "main.js": "" }, /registers no function/],
    ["an app without main", { ...FINE, "package.json": '{ "type": "module" }' }, /has no "main"/],
    [
      "a main that does not exist",
      { ...FINE, "package.json": '{ "main": "dist/main.js" }' },
      /"main" of .* is "dist\/main.js", and no such file exists/,
    ],
    ["a package.json that is no JSON", { ...FINE, "package.json": "{" }, /package.json could not be read/],
    [
      "an entry that throws",
      { "main.js": 'throw new Error("on purpose")' },
      /main.js failed to load: Error: on purpose/,
    ],
    [
      "an app whose settings are wrong, with the app's message only",
      { "main.js": 'throw Object.assign(new Error("1 setting is wrong"), { name: "ConfigError" })' },
      /main.js failed to load: 1 setting is wrong$/,
    ],
    ["an entry that does not parse", { "main.js": "const const" }, /main.js failed to load: SyntaxError/],
    ["an entry whose import is missing", { "main.js": 'import "./missing.js"' }, /Cannot find module .*missing.js/],
    ["a host.json that is no JSON", { ...FINE, "host.json": "{" }, /host.json is not valid JSON/],
    [
      "a host.json of another version",
      { ...FINE, "host.json": '{ "version": "1.0" }' },
      /expected "version": "2.0", got "1.0"/,
    ],
    [
      "a host.json with a malformed value",
      {
        ...FINE,
        "host.json":
          '{ "version": "2.0", "extensions": { "serviceBus": { "maxConcurrentCalls": 0, "maxBatchWaitTime": "soon" } } }',
      },
      /maxConcurrentCalls must be a whole number of at least 1, got 0/,
    ],
  ])("%s", async (_, files, reason) => {
    const reasons = await startupErrors(await writeApp(files), { settings: { FINE: "Endpoint=sb://127.0.0.1" } });
    expect(reasons).toContainEqual(typeof reason === "string" ? reason : expect.stringMatching(reason));
  });

  it("an app with all its errors at once", async () => {
    const app = await writeApp({
      ...registering(`
        app.timer("t", { schedule: "* * * *", handler });
        app.http("runtimeThing", { handler });
        app.serviceBusQueue("q", { queueName: "q", connection: "BUS", handler });
      `),
      "host.json": "{}",
    });
    const error = await startHost(app).catch((caught: unknown) => caught as Error & { reasons: string[] });
    expect(error).toMatchObject({ name: "HostStartupError" });
    expect((error as { reasons: string[] }).reasons).toHaveLength(4);
    expect((error as Error).message).toMatch(/^The Functions host does not start, for 4 reasons:\n {2}- host.json/);
  });

  it("a port in use, naming it", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const starting = startHost(await writeApp(FINE), { port });
    await expect(starting).rejects.toMatchObject({ name: "PortInUseError" });
    await expect(starting).rejects.toThrow(`Port ${port} is in use; the Functions host needs it.`);
    server.close();
  });
});
