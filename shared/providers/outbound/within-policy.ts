import type { CallOutcome, CallPolicy } from "#jobs/call-policy.ts";
import { ProviderError } from "../provider-error.ts";

interface PolicyCall {
  readonly provider: string;
  readonly policy: CallPolicy | undefined;
  readonly signal: AbortSignal;
}

/**
 * Makes a call that does not go through `outbound`, such as that of an official client, under the policy of calls.
 * @param costOf the cost of a result, where the provider charges for it
 * @throws what `work` throws, and ProviderError when the call may start only later
 */
export async function withinPolicy<T>(
  { provider, policy, signal }: PolicyCall,
  work: () => Promise<T>,
  costOf: (result: T) => Pick<CallOutcome, "microcents"> = () => ({}),
): Promise<T> {
  const started = await policy?.begin({ provider, path: "", signal });
  try {
    const result = await work();
    await started?.ended({ status: 200, ...costOf(result) });
    return result;
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof ProviderError)) {
      await started?.ended({});
      throw thrown;
    }
    const { status, retryAfterMs } = thrown;
    const wait = await started?.ended({ status, retryAfterMs, error: thrown });
    if (wait) thrown.providerWait = wait;
    throw thrown;
  }
}
