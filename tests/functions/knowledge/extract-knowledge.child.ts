/** An app process that extracts knowledge, for a test to kill: database, address of the model, id of the run. */
import { extractKnowledge } from "#functions/knowledge/extract-knowledge/index.ts";
import { startProcess } from "#support/test-process.ts";

const [databaseUrl, llmUrl, runId] = process.argv.slice(2);
const app = startProcess(databaseUrl!, [extractKnowledge], {
  env: { LLM_BASE_URL: llmUrl!, LLM_API_KEY: "a-key", LLM_MODEL: "sample" },
});
await app.runner.execute(runId!);
await app.close();
