import { SHARED_QUEUE } from "./queue-names.ts";
import type { MessageSender } from "./service-bus-sender.ts";

/**
 * Whether queued runs can be dispatched. `in-process`: no broker is configured, each process dispatches its own runs.
 */
export type BrokerState =
  { readonly state: "connected" | "in-process" } | { readonly state: "unreachable"; readonly trouble: string };

export type BrokerProbe = () => Promise<BrokerState>;

/** A result is cached this long: several clients may request the health every second. */
const CACHED_MS = 10_000;
const TIMEOUT_MS = 5_000;

/** A health probe of the broker. @param elapsed milliseconds of a monotonic clock; default `performance.now()` */
export function brokerProbe(
  sender: Pick<MessageSender, "check"> | null,
  elapsed: () => number = () => performance.now(),
): BrokerProbe {
  if (!sender) return async () => ({ state: "in-process" });
  let known: { readonly at: number; readonly state: Promise<BrokerState> } | undefined;
  const ask = async (): Promise<BrokerState> => {
    try {
      await sender.check(SHARED_QUEUE, AbortSignal.timeout(TIMEOUT_MS));
      return { state: "connected" };
    } catch (error) {
      return { state: "unreachable", trouble: troubleOf(error) };
    }
  };
  return () => {
    if (!known || elapsed() - known.at > CACHED_MS) known = { at: elapsed(), state: ask() };
    return known.state;
  };
}

/** Only the kind of error: messages of the client contain hosts and keys. */
function troubleOf(error: unknown): string {
  if ((error as Error).name === "AbortError") return `no answer within ${TIMEOUT_MS / 1_000} s`;
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? code : (error as Error).name;
}
