import { afterAll, beforeAll, expect, it } from "vitest";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { startProgram } from "#support/program.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

it("a rejection that a job does not await does not end the process, and the log names its run", async () => {
  const program = startProgram(new URL("unhandled-rejections.child.ts", import.meta.url), [database.url]);
  for (let count = 1; !(await program.line(count)).includes('"alive":true'); count++);
  const lines = program.lines.map(
    (line) =>
      JSON.parse(line) as {
        message?: string;
        fields?: { job?: string; run?: string; error?: object };
        ended?: { id: string };
      },
  );
  const run = lines.find(({ ended }) => ended)?.ended;
  expect(run).toMatchObject({ state: "succeeded" });
  const unhandled = lines.filter(({ message }) => message?.startsWith("Unhandled promise rejection"));
  expect(unhandled).toHaveLength(2);
  expect(unhandled.find(({ fields }) => fields?.job)?.fields).toMatchObject({
    job: "forgetful",
    run: run?.id,
    error: { message: "too late" },
  });
  expect(unhandled.find(({ fields }) => !fields?.job)?.fields).toMatchObject({ error: { message: "nobody's" } });
});
