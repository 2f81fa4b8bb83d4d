import type { CallPolicy } from "#jobs/call-policy.ts";
import { classify, retryAfter } from "#jobs/error-class.ts";
import { providerWaitOf } from "#jobs/provider-wait.ts";
import type { EtfProvider } from "./etf-provider.ts";
import { ProviderError } from "./provider-error.ts";

/** For a provider that reports a rate limit without a wait. */
const DEFAULT_WAIT_MS = 30_000;

/**
 * Stops calling a provider for as long as its last rate limit asks (default 30 s): meanwhile each request fails at once
 * with class `rate_limited`. Some report a limit in the body of a response, which only their clients read: the policy
 * then keeps other processes from calling.
 */
export function rateLimitGuard(provider: EtfProvider, now: () => Date, policy?: CallPolicy): EtfProvider {
  let limitedUntil = 0;
  return {
    ...provider,
    async prices(request, options) {
      const left = limitedUntil - now().getTime();
      if (left > 0) {
        const sentence = `${provider.name} was not called for ${request.symbol}: its rate limit ends in ${Math.ceil(left / 1000)} s`;
        throw new ProviderError(sentence, { provider: provider.name, errorClass: "rate_limited", retryAfterMs: left });
      }
      try {
        return await provider.prices(request, options);
      } catch (error) {
        if (classify(error) === "rate_limited" && !providerWaitOf(error)) {
          const waitMs = retryAfter(error) ?? DEFAULT_WAIT_MS;
          limitedUntil = now().getTime() + waitMs;
          await policy?.limited(provider.name, waitMs);
        }
        throw error;
      }
    },
  };
}
