import { SHARED_QUEUE } from "./queue-names.ts";
import type { MessageSender } from "./service-bus-sender.ts";

/** Whether waiting runs can be sent. `in-process`: no broker is configured, they are carried inside each process. */
export type BrokerState =
  { readonly state: "connected" | "in-process" } | { readonly state: "unreachable"; readonly trouble: string };

export type BrokerProbe = () => Promise<BrokerState>;

/** Answers are kept this long: health may be asked for every second, by several at once. */
const KEPT_MS = 10_000;
const PATIENCE_MS = 5_000;

/** @param elapsed milliseconds on a clock that never goes back */
export function brokerProbe(
  sender: Pick<MessageSender, "check"> | null,
  elapsed: () => number = () => performance.now(),
): BrokerProbe {
  if (!sender) return async () => ({ state: "in-process" });
  let known: { readonly at: number; readonly state: Promise<BrokerState> } | undefined;
  const ask = async (): Promise<BrokerState> => {
    try {
      await sender.check(SHARED_QUEUE, AbortSignal.timeout(PATIENCE_MS));
      return { state: "connected" };
    } catch (error) {
      return { state: "unreachable", trouble: troubleOf(error) };
    }
  };
  return () => {
    if (!known || elapsed() - known.at > KEPT_MS) known = { at: elapsed(), state: ask() };
    return known.state;
  };
}

/** The kind of trouble alone: messages of the client name hosts and keys. */
function troubleOf(error: unknown): string {
  if ((error as Error).name === "AbortError") return `no answer within ${PATIENCE_MS / 1_000} s`;
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? code : (error as Error).name;
}
