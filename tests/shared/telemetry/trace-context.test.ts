import { expect, it } from "vitest";
import { activeTrace, correlationIdOfTrace, traceOf, withTraceParent } from "#telemetry/trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const operation = { traceId: TRACE, spanId: "b7ad6b7169203331" };

it("a traceparent sets the trace of all calls within, and of nothing else", async () => {
  const within = await withTraceParent(`00-${TRACE}-${operation.spanId}-01`, async () => {
    await Promise.resolve();
    return activeTrace.getStore();
  });
  expect(within).toEqual(operation);
  expect(activeTrace.getStore()).toBeUndefined();
});

it.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "00-abc-def-01"],
  ["no trace", `00-${"0".repeat(32)}-${operation.spanId}-01`],
  ["no step", `00-${TRACE}-${"0".repeat(16)}-01`],
])("%s sets no trace, and the work runs", (_, traceParent) => {
  expect(withTraceParent(traceParent, () => activeTrace.getStore() ?? "none")).toBe("none");
});

it("the correlation id of a run gives its trace, here or in another process", () => {
  const correlationId = correlationIdOfTrace(operation);
  expect(correlationId).toBe("0af76519-16cd-43dd-8448-eb211c80319c");
  expect(activeTrace.run(operation, () => traceOf(correlationId))).toBe(operation);
  expect(traceOf(correlationId)).toEqual({ traceId: TRACE, spanId: TRACE.slice(16) });
  expect(traceOf("the backfill of May")).toBeUndefined();
});
