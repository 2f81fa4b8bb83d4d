import { z } from "zod";
import type { Outbound } from "#jobs/outbound-client.ts";
import { providerAnswer } from "./provider-answer.ts";
import { ProviderError } from "./provider-error.ts";
import { retriedCall } from "./retried-call.ts";

/** An execution that failed. */
export interface FailedExecution {
  readonly id: string;
  readonly workflowId: string;
  /** `error` or `crashed`. */
  readonly status: string;
  /** Null until it has left the queue. */
  readonly startedAt: Date | null;
  readonly stoppedAt: Date | null;
}

export interface N8n {
  /**
   * The executions that failed, newest first, page by page, down to those that started before `from`. Those that have
   * not started are among them.
   */
  failedExecutions(from: Date, options: { readonly signal: AbortSignal }): AsyncGenerator<readonly FailedExecution[]>;
}

/** `status=error` leaves out the crashed ones. */
const FAILED = ["error", "crashed"] as const;
const PAGE_SIZE = 250;
/** A server that answers more pages of one status repeats itself. */
const MOST_PAGES = 4_000;

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
/** Older servers send numbers. */
const id = z.union([z.string().min(1), z.int()]).transform(String);

const executionsPage = z.object({
  data: z.array(
    z.object({
      id,
      workflowId: id,
      status: z.string().optional(),
      startedAt: instant.nullish(),
      stoppedAt: instant.nullish(),
    }),
  ),
  nextCursor: z.string().min(1).nullish(),
});
type ExecutionsPage = z.output<typeof executionsPage>;

/** n8n's public API, version 1. The client sends the key as `X-N8N-API-KEY`. */
export function n8n(client: Pick<Outbound, "get">): N8n {
  return {
    async *failedExecutions(from, { signal }) {
      for (const status of FAILED) yield* pagesOf(status, from, signal);
    },
  };

  async function* pagesOf(status: string, from: Date, signal: AbortSignal): AsyncGenerator<FailedExecution[]> {
    let cursor: string | undefined;
    let isFiltered = true;
    const seen = new Set<string>();
    for (let pages = 0; ; pages++) {
      const query = { status, limit: `${PAGE_SIZE}`, includeData: "false", ...(cursor && { cursor }) };
      let read: ExecutionsPage;
      try {
        const filter = isFiltered && { startedAfter: from.toISOString() };
        read = await executions({ ...query, ...filter }, signal);
      } catch (error) {
        if (!isFiltered || !isUnknownParameter(error)) throw error;
        isFiltered = false;
        read = await executions(query, signal);
      }
      const { data, nextCursor } = read;
      const page = data.map(({ startedAt = null, stoppedAt = null, status: own = status, ...rest }) => ({
        ...rest,
        status: own,
        startedAt,
        stoppedAt,
      }));
      if (page.length > 0) yield page;
      // Ids descend and starts nearly so: only a page that is older as a whole ends the search.
      const isOlder = page.length > 0 && page.every(({ startedAt }) => startedAt !== null && startedAt < from);
      if (!nextCursor || isOlder) return;
      if (seen.has(nextCursor) || pages >= MOST_PAGES) {
        const sentence = `n8n repeats the pages of its executions with status ${status}`;
        throw new ProviderError(sentence, { provider: "n8n", errorClass: "validation" });
      }
      seen.add(nextCursor);
      cursor = nextCursor;
    }
  }

  function executions(query: Record<string, string>, signal: AbortSignal): Promise<ExecutionsPage> {
    const path = `api/v1/executions?${new URLSearchParams(query).toString()}`;
    return retriedCall(async () => {
      const response = await client.get(path, { accept: "application/json", signal });
      return providerAnswer("n8n", response, executionsPage);
    }, signal);
  }
}

/** Servers before August 2026 do not know the filter by time. */
function isUnknownParameter(error: unknown): boolean {
  return error instanceof ProviderError && error.status === 400 && /unknown query parameter/i.test(error.message);
}
