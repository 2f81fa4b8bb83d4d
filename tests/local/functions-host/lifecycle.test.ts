import { join } from "node:path";
import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";
import { startHost, writeApp } from "./host-harness.ts";

const HOLD = `
let release;
app.http("hold", { methods: ["GET"], handler: async (_, context) => {
  context.log("holding");
  await new Promise((resolve) => (release = resolve));
  return { body: "held" };
} });
`;

describe("An app on the host", () => {
  it("can be CommonJS, and several files of a glob", async () => {
    const register = (name: string) => `
      const { app } = require("@azure/functions");
      app.http("${name}", { methods: ["GET"], handler: (_, context) => ({ body: context.functionName }) });
    `;
    const app = await writeApp({
      "package.json": JSON.stringify({ main: "dist/{a,b}*.js" }),
      "dist/a.js": register("one"),
      "dist/b2.js": register("two"),
      "dist/c.js": register("three"),
    });
    const host = await startHost(app);
    expect(host.functions.map(({ name }) => name)).toEqual(["one", "two"]);
    expect(await (await host.fetch("/api/two")).text()).toBe("two");
  });

  it("can be a bundled ESM file that requires @azure/functions-core", async () => {
    const app = await writeApp({
      "source.ts": `
        import { app } from "@azure/functions";
        app.http("bundled", { methods: ["GET"], handler: () => ({ body: "from a bundle" }) });
      `,
    });
    buildSync({
      entryPoints: [join(app.directory, "source.ts")],
      outfile: join(app.directory, "main.js"),
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["@azure/functions-core"],
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    });
    const host = await startHost(app);
    expect(await (await host.fetch("/api/bundled")).text()).toBe("from a bundle");
  });

  it("writes to the log, with the invocation of each line", async () => {
    const app = await writeApp(`
      import { app } from "@azure/functions";
      console.warn("while loading");
      app.http("talk", { methods: ["GET"], handler: async (_, context) => {
        context.log("a %s", "b"); context.debug("finely"); context.error(new Error("bad")); 
        await null;
        console.info("to the console", { x: 1 });
        return { body: context.invocationId };
      } });
    `);
    const host = await startHost(app);
    const id = await (await host.fetch("/api/talk")).text();
    const about = { functionName: "talk", invocationId: id };
    expect(await host.line("while loading")).toMatchObject({ level: "warning", source: "console" });
    expect(await host.line("a b")).toMatchObject({ level: "information", source: "app", ...about });
    expect(await host.line("finely")).toMatchObject({ level: "debug", source: "app", ...about });
    expect(await host.line("Error: bad")).toMatchObject({ level: "error", source: "app", ...about });
    expect(await host.line("to the console { x: 1 }")).toMatchObject({
      level: "information",
      source: "console",
      ...about,
    });
  });

  it("has hooks around the app and each invocation, which can change inputs and results", async () => {
    const app = await writeApp(`
      import { app } from "@azure/functions";
      app.hook.appStart(async () => { await null; console.log("app starts"); });
      app.hook.appTerminate(async () => { await null; console.log("app ends"); });
      app.hook.preInvocation((context) => {
        context.hookData.greeting = "hello";
        const handler = context.functionHandler;
        context.functionHandler = (...args) => handler(...args) + " wrapped";
      });
      app.hook.postInvocation((context) => {
        context.result = { body: context.hookData.greeting + " " + (context.result ?? context.error.message) };
        context.error = null;
      });
      app.hook.log((context) => { context.message = "[" + context.message + "]"; });
      app.http("fine", { methods: ["GET"], handler: (_, context) => { context.log("logged"); return "fine"; } });
      app.http("bad", { methods: ["GET"], handler: () => { throw new Error("bad"); } });
    `);
    const host = await startHost(app);
    await host.line("app starts");
    expect(await (await host.fetch("/api/fine")).text()).toBe("hello fine wrapped");
    expect(await (await host.fetch("/api/bad")).text()).toBe("hello bad");
    await host.line("[logged]");
    await host.stop();
    expect(host.lines.map(({ message }) => message)).toContain("app ends");
  });

  it("gets the caller's trace, or a new one", async () => {
    const app = await writeApp(`
      import { app } from "@azure/functions";
      app.http("trace", { methods: ["GET"], handler: (_, context) => ({ body: context.traceContext.traceParent }) });
    `);
    const host = await startHost(app);
    const given = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    expect(await (await host.fetch("/api/trace", { headers: { traceparent: given } })).text()).toBe(given);
    expect(await (await host.fetch("/api/trace")).text()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });

  it("cannot register functions once it has started", async () => {
    const app = await writeApp(`
      import { app } from "@azure/functions";
      app.http("late", { methods: ["GET"], handler: () => { app.http("later", { handler: () => ({}) }); return {}; } });
    `);
    const host = await startHost(app);
    expect((await host.fetch("/api/late")).status).toBe(500);
    await host.line("A function can only be registered during app startup.");
  });
});

describe("A host that stops", () => {
  it("waits for running invocations, accepts no new ones, and then runs the appTerminate hooks", async () => {
    const app = await writeApp(`
      import { app } from "@azure/functions"; ${HOLD}
      app.hook.appTerminate(() => console.log("app ends"));
      app.timer("freeing", { schedule: "0 0 0 1 1 *", handler: () => release() });
    `);
    const host = await startHost(app);
    const held = host.fetch("/api/hold");
    await host.line("holding");
    const stopped = host.stop();
    await host.line("Stopping with 1 running invocations.");
    await expect(host.fetch("/api/hold")).rejects.toThrow();
    expect(host.lines.map(({ message }) => message)).not.toContain("app ends");
    await host.invokeTimer("freeing");
    const response = await held;
    expect([response.status, await response.text()]).toEqual([200, "held"]);
    await stopped;
    expect(host.lines.map(({ message }) => message)).toContain("app ends");
  });

  it("announces the stop on a diagnostics channel, so that invocations which wait for others can end", async () => {
    const app = await writeApp(`
      import { subscribe } from "node:diagnostics_channel";
      import { app } from "@azure/functions"; ${HOLD}
      subscribe("functions-host.stopping", () => release());
    `);
    const host = await startHost(app);
    const held = host.fetch("/api/hold");
    await host.line("holding");
    await host.stop();
    expect(await (await held).text()).toBe("held");
  });

  it("aborts invocations after the grace period, and logs their names", async () => {
    const app = await writeApp(`
      import { app } from "@azure/functions"; ${HOLD}
      app.hook.appTerminate(() => { throw new Error("cannot end"); });
    `);
    const host = await startHost(app);
    const held = host.fetch("/api/hold").catch((error: unknown) => error);
    await host.line("holding");
    await host.stop(50);
    await host.line("1 invocations still run after 50 ms: hold.");
    await host.line("An appTerminate hook failed: cannot end");
    expect(await held).toBeInstanceOf(Error);
  });
});
