import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { expect, it } from "vitest";
import { z } from "zod";
import { openApp } from "#app";
import { defineJob, event, manual, noRetries } from "#jobs";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { openDatabase } from "#support/database.ts";
import { type Envelope, ingestionEndpoint } from "#support/ingestion-endpoint.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { startTelemetry } from "#telemetry/start-telemetry.ts";

const { url } = await openDatabase();

const about = { family: { id: "samples", title: "Samples" }, input: z.object({}), retry: noRetries };
const stumbles = defineJob({
  ...about,
  id: "stumbles",
  summary: "Fails and says too much",
  on: manual,
  run() {
    throw new Error("cannot enter postgres://clerk:geheim-4711@db.example.org/ledger");
  },
});
const together = defineJob({
  ...about,
  id: "together",
  summary: "Many small runs",
  on: event({ batch: 50 }),
  concurrency: () => null,
  async runBatch({ db }) {
    await db.execute("select 1");
  },
});

it("a failed attempt is an exception with its stack and without secrets; a batch is one span with links to its runs", async () => {
  const certificate = join(await temporaryDirectory(), "ingestion.pem");
  await using insights = await ingestionEndpoint(certificate);
  setDefaultCACertificates([...getCACertificates("default"), await readFile(certificate, "utf8")]);
  const config = readConfig({ DATABASE_URL: url, APPLICATIONINSIGHTS_CONNECTION_STRING: insights.connectionString });
  const telemetry = await startTelemetry(config);
  const app = openApp(config, catalogueOf([stumbles, together]), {
    sink: () => undefined,
    dispatch: () => Promise.resolve(),
  });
  const asked = { trigger: "event", requestedBy: "a test", input: {} } as const;

  const dead = await app.enqueuer.enqueue(stumbles, asked);
  await app.runner.execute(dead.id);
  const batch = await app.enqueuer.enqueueMany(app.db, together, [asked, asked, asked]);
  await app.runner.executeBatch(
    together,
    batch.map(({ id }) => id),
  );
  await app.close();
  await telemetry.close();

  const ofType = (type: string) => insights.envelopes.filter(({ data }) => data.baseType === type);
  const step = (name: string) => ofType("RequestData").filter(({ data }) => data.baseData["name"] === name);
  const traceId = dead.correlationId.replaceAll("-", "");

  expect(step("stumbles")).toMatchObject([
    { tags: { "ai.operation.id": traceId }, data: { baseData: { success: false } } },
  ]);
  expect(ofType("ExceptionData")).toMatchObject([
    {
      tags: { "ai.operation.id": traceId },
      data: {
        baseData: {
          exceptions: [
            {
              typeName: "Error",
              message: expect.stringMatching(/^Failed for good: cannot enter /) as string,
              stack: expect.stringContaining("application-insights.test.ts") as string,
            },
          ],
          properties: { job: "stumbles", run: dead.id },
        },
      },
    },
  ]);
  expect(JSON.stringify(insights.envelopes)).not.toContain("geheim");

  const [batchStep, ...more] = step("together");
  expect(more).toEqual([]);
  expect(linksOf(batchStep!)).toEqual(batch.map(({ id }) => id.replaceAll("-", "")));
  const below = ofType("RemoteDependencyData").filter(
    ({ tags }) => tags["ai.operation.parentId"] === batchStep!.data.baseData["id"],
  );
  expect(below).toMatchObject([{ data: { baseData: { type: "postgresql", data: "select 1" } } }]);
  expect(counted(insights.envelopes, "rota.runs")).toEqual({ "stumbles dead": 1, "together succeeded": 3 });
  expect(counted(insights.envelopes, "rota.failures")).toEqual({ stumbles: 1 });
});

it("nothing is sent without Application Insights", async () => {
  const { statementChannel } = await import("#data/statement-diagnostics.ts");
  await startTelemetry(readConfig({ DATABASE_URL: url }));
  expect(statementChannel.hasSubscribers).toBe(false);
});

function linksOf({ data }: Envelope): string[] {
  const properties = data.baseData["properties"] as Record<string, string>;
  const links = JSON.parse(properties["_MS.links"]!) as { operation_Id: string }[];
  return links.map((link) => link.operation_Id);
}

/** The values of a metric, by job and state. */
function counted(envelopes: readonly Envelope[], name: string): Record<string, number> {
  const all = envelopes.flatMap(({ data }) => (data.baseType === "MetricData" ? [data.baseData] : []));
  const values = all.flatMap(({ metrics, properties }) => {
    const [metric] = metrics as { name: string; value: number }[];
    const { job, state } = properties as Record<string, string>;
    return metric!.name === name ? [[[job, state].filter(Boolean).join(" "), metric!.value] as const] : [];
  });
  return Object.fromEntries(values);
}
