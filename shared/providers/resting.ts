import { classify, retryAfter } from "#jobs/error-class.ts";
import type { EtfProvider } from "./etf-provider.ts";
import { ProviderError } from "./provider-error.ts";

/** For a provider that says that it was asked too often, and not for how long it wants to be left alone. */
const UNSAID_REST_MS = 30_000;

/** The provider, left alone for as long as it asked to be: meanwhile a question fails at once, without a call. */
export function resting(provider: EtfProvider, now: () => Date): EtfProvider {
  let until = 0;
  return {
    ...provider,
    async prices(question, options) {
      const left = until - now().getTime();
      if (left > 0) {
        const sentence = `${provider.name} was not asked for ${question.symbol}: it wants to be left alone for ${Math.ceil(left / 1000)} s more`;
        throw new ProviderError(sentence, { provider: provider.name, errorClass: "rate_limited", retryAfterMs: left });
      }
      try {
        return await provider.prices(question, options);
      } catch (error) {
        if (classify(error) === "rate_limited") until = now().getTime() + (retryAfter(error) ?? UNSAID_REST_MS);
        throw error;
      }
    },
  };
}
