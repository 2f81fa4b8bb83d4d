import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { blocksOf, document, ROOT } from "./markdown.ts";
import { copyProject } from "./project-copy.ts";

it("the page's test passes with the page's template", async () => {
  const project = await copyProject(["shared", "tests/support", "tests/shared/documents"]);
  try {
    const page = await document("docs/documents.md");
    for (const block of blocksOf(page)) if (block.file) await project.put(block, block.file);
    const { CI: _ci, ...env } = process.env;
    const { code, output } = await project.node(
      [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "tests/shared/documents/redemption-receipt.test.ts"],
      { ...env, TEST_DATABASE_URL: inject("databaseServer"), NO_COLOR: "1" },
    );
    expect(output).toMatch(/Tests +2 passed \(2\)/);
    expect(code, output).toBe(0);
  } finally {
    await project.remove();
  }
});
