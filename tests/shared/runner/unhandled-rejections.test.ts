import { afterAll, beforeAll, expect, it } from "vitest";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { startProgram } from "#support/program.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

it("a promise that a job forgot does not end the process, and the log says whose it was", async () => {
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
  const strays = lines.filter(({ message }) => message?.startsWith("Unhandled promise rejection"));
  expect(strays).toHaveLength(2);
  expect(strays.find(({ fields }) => fields?.job)?.fields).toMatchObject({
    job: "forgetful",
    run: run?.id,
    error: { message: "too late" },
  });
  expect(strays.find(({ fields }) => !fields?.job)?.fields).toMatchObject({ error: { message: "nobody's" } });
});
