import { readFile } from "node:fs/promises";
import { uploadList } from "#functions/http/tax-liens/upload-list.ts";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { readConfig } from "#settings/config.ts";
import { startProcess } from "#support/test-process.ts";

/** Uploads a list, for a test to kill: `node upload-process.ts <database> <storage> <county> <file>`. */
const [DATABASE_URL, AzureWebJobsStorage, id, file] = process.argv.slice(2) as [string, string, string, string];
const { db, enqueuer, clock } = startProcess(DATABASE_URL, [ingestCountyLiens]);
const config = readConfig({ DATABASE_URL, AzureWebJobsStorage }, [ingestCountyLiens]);
const request = { app: { db, enqueuer, clock, config }, params: { id }, bytes: await readFile(file), caller: "a test" };
await uploadList.handle(request as never);
