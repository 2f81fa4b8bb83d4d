import { type FakeServer, startFakeServer } from "./fake-server.ts";
import type { Answer, Fault } from "./fault-injection.ts";

/**
 * Content faults: a cursor that leads to the same page for ever, a server that does not know `startedAfter`, ids as
 * numbers, an execution without a workflow, no JSON.
 */
export type N8nFault = "same-cursor" | "old-server" | "numeric-ids" | "missing-workflow" | "not-json";

export interface FakeExecution {
  /** A number, as ids ascend. */
  readonly id: number;
  readonly workflowId: string;
  readonly status: "error" | "crashed" | "success";
  readonly startedAt: string | null;
  readonly stoppedAt: string | null;
}

export interface FakeN8n extends FakeServer<N8nFault> {
  /** What it answers; tests add to it. */
  readonly executions: FakeExecution[];
}

const KEY = "demo";
const WORKFLOWS: Readonly<Record<string, string>> = {
  aBcDeFgHiJkLmNoP: "Invoices to accounting",
  qRsTuVwXyZaBcDeF: "New leads to HubSpot",
};

/**
 * A fake server of n8n's public API: `GET /api/v1/executions` in descending order of ids with cursors, and
 * `GET /api/v1/workflows/{id}`. Its key is `demo`.
 */
export async function startFakeN8n({
  port = 0,
  executions = [],
}: { port?: number; executions?: FakeExecution[] } = {}): Promise<FakeN8n> {
  const server = await startFakeServer<N8nFault>({
    port,
    errorBody: (status) => message(status, MESSAGES[status] ?? "something went wrong"),
    answer: (url, fault, { headers }) => {
      if (headers["x-n8n-api-key"] === undefined) return message(401, "'X-N8N-API-KEY' header required");
      if (headers["x-n8n-api-key"] !== KEY) return message(401, "unauthorized");
      return answerTo(url, executions, fault);
    },
  });
  return { ...server, executions };
}

/** Executions of the demo: one workflow that failed three times in the last hours, and one that crashed once. */
export function demoExecutions(now: Date): FakeExecution[] {
  const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
  const failed = (id: number, minutes: number, change: Partial<FakeExecution> = {}): FakeExecution => ({
    id,
    workflowId: "aBcDeFgHiJkLmNoP",
    status: "error",
    startedAt: minutesAgo(minutes),
    stoppedAt: minutesAgo(minutes - 1),
    ...change,
  });
  return [
    failed(1000, 300),
    failed(1001, 240),
    failed(1002, 200, { workflowId: "qRsTuVwXyZaBcDeF", status: "crashed" }),
    failed(1003, 180),
    failed(1004, 120, { status: "success" }),
  ];
}

const MESSAGES: Readonly<Record<number, string>> = {
  401: "unauthorized",
  403: "Forbidden",
  404: "not found",
  429: "Too many requests",
};

function answerTo(url: URL, executions: readonly FakeExecution[], fault: Fault<N8nFault> | undefined): Answer {
  const { pathname, searchParams } = url;
  const workflow = /^\/api\/v1\/workflows\/([^/]+)$/.exec(pathname)?.[1];
  if (workflow !== undefined) {
    const name = WORKFLOWS[workflow];
    return name === undefined ? message(404, "not found") : json({ id: workflow, name, active: true });
  }
  if (pathname !== "/api/v1/executions") return message(404, "not found");
  if (fault?.kind === "not-json") return { type: "application/json", body: "Bad Gateway" };
  const startedAfter = searchParams.get("startedAfter");
  if (startedAfter !== null && fault?.kind === "old-server") {
    return message(400, "Unknown query parameter 'startedAfter'");
  }
  const limit = Number(searchParams.get("limit") ?? "100");
  if (!(limit >= 1 && limit <= 250)) return message(400, "request/query/limit must be <= 250");
  const cursor = searchParams.get("cursor");
  const { lastId = Infinity } = cursor === null ? {} : (JSON.parse(atob(cursor)) as { lastId?: number });
  const status = searchParams.get("status");
  const matching = executions
    .filter((execution) => (status === null || execution.status === status) && execution.id < lastId)
    .filter(({ startedAt }) => startedAfter === null || (startedAt !== null && startedAt >= startedAfter))
    .toSorted((a, b) => b.id - a.id);
  const page = fault?.kind === "same-cursor" ? matching.slice(0, 1) : matching.slice(0, limit);
  const hasMore = fault?.kind === "same-cursor" || matching.length > page.length;
  const lastOfPage = fault?.kind === "same-cursor" ? 1e9 : page.at(-1)?.id;
  return json({
    data: page.map((execution) => executionBody(execution, fault)),
    nextCursor: hasMore ? btoa(JSON.stringify({ lastId: lastOfPage, limit })) : null,
  });
}

function executionBody(execution: FakeExecution, fault: Fault<N8nFault> | undefined): object {
  const { id, workflowId, status, startedAt, stoppedAt } = execution;
  return {
    id: fault?.kind === "numeric-ids" ? id : String(id),
    finished: status === "success",
    mode: "trigger",
    retryOf: null,
    retrySuccessId: null,
    status,
    startedAt,
    stoppedAt,
    ...(fault?.kind !== "missing-workflow" && { workflowId }),
    waitTill: null,
  };
}

function json(body: object): Answer {
  return { type: "application/json; charset=utf-8", body: JSON.stringify(body) };
}

function message(status: number, text: string): Answer {
  return { status, type: "application/json; charset=utf-8", body: JSON.stringify({ message: text }) };
}
