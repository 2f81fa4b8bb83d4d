import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Envelope, ingestionEndpoint } from "#support/ingestion-endpoint.ts";
import { startStack, stateDirectory } from "./stack-process.ts";

const state = await stateDirectory();
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";

it("a request's run, statements, calls, messages and logs are one operation, with metrics and without secrets", async () => {
  const certificate = join(state, "ingestion.pem");
  await using insights = await ingestionEndpoint(certificate);
  const app = await startStack(state, {
    env: {
      APPLICATIONINSIGHTS_CONNECTION_STRING: insights.connectionString,
      NODE_EXTRA_CA_CERTS: certificate,
      LOG_FORMAT: "json",
    },
  });
  const key = (await readFile(join(state, "host-key"), "utf8")).trim();
  const response = await fetch(`${app.url}/api/admin/jobs/sync_fx_latest/run?wait=30`, {
    method: "POST",
    headers: { "x-functions-key": key, traceparent: `00-${TRACE}-${CALLER}-01` },
  });
  const run = (await response.json()) as { id: string; state: string; correlationId: string };
  expect(run).toMatchObject({ state: "succeeded", correlationId: "0af76519-16cd-43dd-8448-eb211c80319c" });
  await app.stop();

  const ofOperation = insights.envelopes.filter(({ tags }) => tags["ai.operation.id"] === TRACE);
  const data = (baseType: string, from: readonly Envelope[] = ofOperation): Envelope["data"]["baseData"][] =>
    from.flatMap(({ data }) => (data.baseType === baseType ? [data.baseData] : []));

  const [attempt] = ofOperation.filter(({ data }) => data.baseType === "RequestData");
  expect(attempt?.data.baseData).toMatchObject({
    name: "sync_fx_latest",
    success: true,
    properties: { "rota.run": run.id, "rota.attempt": "1", "rota.ending": "returned" },
  });
  const dependencies = data("RemoteDependencyData");
  expect(dependencies).toContainEqual(expect.objectContaining({ type: "Http", resultCode: "200", success: true }));
  expect(dependencies).toContainEqual(expect.objectContaining({ name: "send job-runs" }));
  const statements = dependencies.filter(({ type }) => type === "postgresql");
  expect(statements).toContainEqual(
    expect.objectContaining({ data: expect.stringContaining("exchange_rates") as string }),
  );
  // The work of the attempt is below the attempt; the enqueueing is below the caller's span.
  const childrenOf = (parent: unknown) =>
    ofOperation.filter(({ tags }) => tags["ai.operation.parentId"] === parent).map(({ data }) => data.baseData["type"]);
  expect(childrenOf(attempt!.data.baseData["id"])).toEqual(expect.arrayContaining(["Http", "postgresql"]));
  expect(childrenOf(CALLER)).toEqual(expect.arrayContaining(["Queue Message", "postgresql"]));
  expect(data("MessageData")).toContainEqual(
    expect.objectContaining({ message: "Succeeded", properties: expect.objectContaining({ run: run.id }) as unknown }),
  );

  const metrics = data("MetricData", insights.envelopes) as unknown as { metrics: { name: string }[] }[];
  const named = (name: string) => metrics.filter(({ metrics: [one] }) => one!.name === name);
  // The first run of the demo, and this one.
  expect(named("rota.runs")).toContainEqual(
    expect.objectContaining({
      metrics: [expect.objectContaining({ value: 2 })],
      properties: { job: "sync_fx_latest", family: "portfolio", state: "succeeded" },
    }),
  );
  for (const name of ["rota.duration", "rota.queue_age"]) expect(named(name), name).not.toEqual([]);

  const sent = JSON.stringify(insights.envelopes);
  const password = decodeURIComponent(new URL(app.databaseUrl).password);
  for (const secret of [key, password]) {
    expect(secret.length).toBeGreaterThan(8);
    expect(sent).not.toContain(secret);
  }
});
