import { z } from "zod";
import type { Tx } from "#data/client.ts";
import type { JobContext } from "#jobs/context.ts";
import { InvalidInput } from "#jobs/endings.ts";
import { issuesOf } from "#jobs/input.ts";
import { newNotificationSchema } from "#notifications/notification.ts";
import { notify } from "#notifications/notify.ts";

/**
 * The work of one kind of retry jobs. `handle` writes in the transaction that completes the row, so that a process that
 * dies leaves both or neither; it calls nothing outside the database. An effect outside is the work of the run that it
 * enqueues, which has `once`.
 */
interface RetryHandler<Payload> {
  readonly payload: z.ZodType<Payload>;
  readonly handle: (context: JobContext<unknown>, tx: Tx, payload: Payload) => Promise<void>;
}

const handler = <Payload>(handler: RetryHandler<Payload>) => handler;

/** The kinds of retry jobs. */
const HANDLERS = {
  /** Creates a notification: a text message, a chat message, a call. Its delivery is a run of `send_notification`. */
  send_notification: handler({
    payload: newNotificationSchema,
    async handle(context, tx, payload) {
      await notify(context, tx, [payload]);
    },
  }),
  /** Starts a run of a job, with its input. */
  run_job: handler({
    payload: z.strictObject({ job: z.string().min(1).max(100), input: z.record(z.string(), z.json()).default({}) }),
    handle: (context, tx, { job, input }) => context.enqueue(tx, job, input),
  }),
} as const;

export type RetryKind = keyof typeof HANDLERS;
export type RetryPayload<Kind extends RetryKind> = z.input<(typeof HANDLERS)[Kind]["payload"]>;

/**
 * The payload of a kind after its schema.
 * @throws InvalidInput naming the invalid field
 */
export function checkedPayload(kind: RetryKind, payload: unknown): Record<string, unknown> {
  const read = HANDLERS[kind].payload.safeParse(payload);
  if (read.success) return read.data;
  const faults = issuesOf(read.error, "");
  throw new InvalidInput(
    faults.map(({ field, reason }) => ({ field: ["payload", field].filter(Boolean).join("."), reason })),
  );
}

/**
 * Does the work of a retry job in the transaction that completes it.
 * @throws Error when this version of the app has no such kind: another version may have it
 */
export async function handleRetryJob(
  context: JobContext<unknown>,
  tx: Tx,
  { kind, payload }: { readonly kind: string; readonly payload: unknown },
): Promise<void> {
  if (!isRetryKind(kind))
    throw new Error(`this version of the app has no retry job of the kind ${JSON.stringify(kind)}`);
  const { handle } = HANDLERS[kind] as RetryHandler<unknown>;
  await handle(context, tx, checkedPayload(kind, payload));
}

export function isRetryKind(kind: string): kind is RetryKind {
  return Object.hasOwn(HANDLERS, kind);
}
