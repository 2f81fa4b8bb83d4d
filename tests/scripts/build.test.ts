import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../docs/markdown.ts";
import { copyProject, type ProjectCopy } from "../docs/project-copy.ts";

let project: ProjectCopy;
beforeAll(async () => {
  // Characters that mean something in a URL. Windows allows no "?" in a name.
  const name = process.platform === "win32" ? "C# 100% a%20b" : "C# 100% a%20b was?";
  project = await copyProject(["shared", "local"], { name });
});
afterAll(() => project.remove());

it("a project folder whose name has characters of URLs is built, and its app registers its functions", async () => {
  const { code, output } = await project.node(["scripts/build.ts"]);
  expect(code, output).toBe(0);
  const core = pathToFileURL(join(ROOT, "bench/cold-start/functions-core.mjs")).href;
  const main = pathToFileURL(join(project.directory, "dist/main.js")).href;
  const started = await project.node(["--import", core, join(import.meta.dirname, "start-up.child.ts"), main], {
    DATABASE_URL: "postgres://rota@127.0.0.1/none",
  });
  expect(started.code, started.output).toBe(0);
  expect((JSON.parse(started.output) as { registered: number }).registered).toBeGreaterThan(0);
});
