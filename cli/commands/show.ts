import { inWords } from "#schedule/duration.ts";
import { AdminApi } from "../admin-api.ts";
import type { RunError, RunView } from "../admin-views.ts";
import { defineCommand, flag } from "../command.ts";
import { type Paint, printable, printJson } from "../output.ts";
import { progressInWords } from "../progress.ts";
import { counterLines, STATE_STYLES } from "../run-format.ts";
import { checkRunId, EXAMPLE_RUN } from "../run-id-argument.ts";
import { oneLine, quantity } from "../text-format.ts";
import { ago, localIso, until } from "../time-format.ts";

export const show = defineCommand({
  arguments: { run: { about: "the run's id, as the commands run and runs print it" } },
  options: { json: flag("print the answer of the app as JSON, for scripts") },
  examples: [`show ${EXAMPLE_RUN}`],
  async run(call) {
    const { out, options } = call;
    const id = call.arguments.run;
    checkRunId("show", id);
    const api = await AdminApi.of(call);
    const answer = await api.get<RunView>(`api/admin/runs/${id}`);
    if (options.json) printJson(out, answer);
    else out.line(detailOf(printable(answer), new Date(), out.paint));
    return 0;
  },
});

/** A run in detail: facts, times, input, result, failed items, errors. */
function detailOf(run: RunView, now: Date, paint: Paint): string {
  const duration = run.durationMs === null ? "" : ` in ${inWords(run.durationMs)}`;
  return [
    `${paint("bold", run.jobId)} ${paint(STATE_STYLES[run.state], run.state)}${duration}`,
    ...(run.reason === null ? [] : [`  ${oneLine(run.reason)}`]),
    "",
    ...factLines(factsOf(run, now), paint),
    ...section("Input", indented(JSON.stringify(run.input, null, 2)), paint),
    ...section("Result", counterLines(run.result ?? {}, paint), paint),
    ...section(failedItemsTitle(run), failedItems(run, paint), paint),
    ...section(
      "Errors",
      run.errors.flatMap((error) => errorLines(error, paint)),
      paint,
    ),
  ].join("\n");
}

type Fact = readonly [name: string, value: string | null | undefined];

function factsOf(run: RunView, now: Date): Fact[] {
  const past = (at: string | null) => at && `${localIso(new Date(at))}  ${ago(new Date(at), now)}`;
  const isWaiting = run.state === "queued" || run.state === "retrying";
  return [
    ["run", run.id],
    ["family", run.family],
    ["trigger", run.requestedBy ? `${run.trigger}, by ${run.requestedBy}` : run.trigger],
    ["attempt", `${run.attempt} of ${run.maxAttempts}`],
    ["slot", run.scheduledFor && localIso(new Date(run.scheduledFor))],
    ["queued", past(run.queuedAt)],
    ["started", past(run.startedAt)],
    ["finished", past(run.finishedAt)],
    [
      "next attempt",
      isWaiting && run.notBefore
        ? `${localIso(new Date(run.notBefore))}  ${until(new Date(run.notBefore), now)}`
        : null,
    ],
    ["progress", run.progress && progressInWords(run.progress)],
    ["lease holder", run.leaseHolder],
    ["heartbeat", run.state === "running" ? past(run.heartbeatAt) : null],
    ["cancelled at", past(run.cancelRequestedAt)],
    ["parent run", run.parentRunId],
    ["correlation", run.correlationId === run.id ? null : run.correlationId],
    ["idempotency", run.idempotencyKey],
  ];
}

function factLines(facts: readonly Fact[], paint: Paint): string[] {
  return facts.flatMap(([name, value]) => (value ? [`  ${paint("dim", name.padEnd(12))}  ${value}`] : []));
}

function failedItemsTitle({ itemFailureCount, itemFailures }: RunView): string {
  const shown = itemFailures?.length ?? 0;
  return `${quantity(itemFailureCount, "item")} failed${shown < itemFailureCount ? `, the first ${shown}` : ""}`;
}

function failedItems({ itemFailures }: RunView, paint: Paint): string[] {
  return (itemFailures ?? []).map(
    ({ key, class: kind, reason }) => `  ${paint("bold", key)}  ${paint("dim", kind)}  ${oneLine(reason)}`,
  );
}

function errorLines({ attempt, at, class: kind, name, message, stack }: RunError, paint: Paint): string[] {
  const headline = `${name}: ${message}`;
  // The stack usually begins with the headline, which is printed already.
  const trace = stack.startsWith(headline) ? stack.slice(headline.length).replace(/^\n/, "") : stack;
  return [
    `  ${paint("bold", `Attempt ${attempt}`)}  ${paint("dim", `${localIso(new Date(at))}  ${kind}`)}`,
    ...indented(headline).map((line) => paint("red", line)),
    ...(trace ? indented(trace).map((line) => paint("dim", line)) : []),
  ];
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length ? ["", paint("bold", title), ...lines] : [];
}

function indented(text: string): string[] {
  return text.split("\n").map((line) => `  ${line}`);
}
