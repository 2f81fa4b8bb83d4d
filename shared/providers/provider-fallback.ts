import { classify, type ErrorClass, isRetryable, retryAfter } from "#jobs/error-class.ts";
import { type ProviderWait, providerWaitOf } from "#jobs/provider-wait.ts";
import type { CivilDate } from "#rules/civil-date.ts";
import { type EtfProvider, unsupportedRequest } from "./etf-provider.ts";
import type { FxOptions, FxProvider, RatesOfDay } from "./fx-provider.ts";

/** A provider that failed, so that the next one was called. */
export interface ProviderFailure {
  readonly provider: string;
  readonly error: Error;
}

export type OnFailure = (failure: ProviderFailure) => void;

/**
 * All providers failed; the message has each reason. Its class is the most retryable of theirs (`transient`, then
 * `rate_limited`, `unknown`, `auth`, `validation`), because a retry calls all of them; its wait is the shortest of
 * theirs.
 */
export class AllProvidersFailed extends AggregateError {
  override readonly name = "AllProvidersFailed";
  readonly failures: readonly ProviderFailure[];
  readonly errorClass: ErrorClass;
  readonly retryAfterMs: number | undefined;
  /** Where a provider that can be retried has to wait, and no other one can be. */
  readonly providerWait: ProviderWait | undefined;

  constructor(failures: readonly ProviderFailure[]) {
    const errors = failures.map(({ error }) => error);
    super(errors, `no provider answered: ${errors.map(({ message }) => message).join("; ")}`);
    this.failures = failures;
    this.errorClass = mostRetryable(errors.map(classify));
    const waits = errors.map(retryAfter).filter((wait) => wait !== undefined);
    this.retryAfterMs = waits.length > 0 ? Math.min(...waits) : undefined;
    const retryable = errors.filter((error) => isRetryable(classify(error))).map(providerWaitOf);
    const providerWaits = retryable.filter((wait) => wait !== undefined);
    this.providerWait =
      retryable.length === providerWaits.length ? providerWaits.toSorted((a, b) => a.waitMs - b.waitMs)[0] : undefined;
  }
}

/**
 * The result of the first provider that succeeds. `onFailure` gets each failure before it. An abort ends it at once.
 */
async function firstAnswer<P extends { readonly name: string }, T>(
  providers: readonly P[],
  ask: (provider: P) => Promise<T>,
  { signal, onFailure }: { signal?: AbortSignal | undefined; onFailure?: OnFailure | undefined } = {},
): Promise<T> {
  const failures: ProviderFailure[] = [];
  for (const provider of providers) {
    try {
      return await ask(provider);
    } catch (thrown) {
      failures.push(recorded(provider, thrown, signal, onFailure));
    }
  }
  throw new AllProvidersFailed(failures);
}

/** Several sources of exchange rates, called in order. */
export interface FxProviders extends FxProvider {
  /**
   * The published ones of some days, and the days after the last of them up to `until`. The next source is called for
   * the days that the source before it lacks: it may be late, or serve an old file.
   * @param days oldest first
   * @throws AllProvidersFailed when no source answered
   */
  published(days: readonly CivilDate[], until: CivilDate, options?: FxOptions): AsyncIterable<RatesOfDay>;
}

/**
 * Several sources of exchange rates as one, in order. When a source fails in the middle of a range, the next source
 * returns the whole range: sources are never mixed, and each day names its source.
 * @throws TypeError without providers
 */
export function fxWithFallback(providers: readonly FxProvider[], onFailure?: OnFailure): FxProviders {
  if (providers.length === 0) throw new TypeError("expected at least one provider of exchange rates, got none");
  return {
    name: providers.map(({ name }) => name).join(","),

    latest: (options = {}) => firstAnswer(providers, (provider) => provider.latest(options), { ...options, onFailure }),

    async *since(start, end, options = {}): AsyncGenerator<RatesOfDay> {
      const failures: ProviderFailure[] = [];
      for (const provider of providers) {
        try {
          yield* provider.since(start, end, options);
          return;
        } catch (thrown) {
          failures.push(recorded(provider, thrown, options.signal, onFailure));
        }
      }
      throw new AllProvidersFailed(failures);
    },

    async *published(days, until, options = {}): AsyncGenerator<RatesOfDay> {
      const failures: ProviderFailure[] = [];
      const lacking = new Set(days);
      const last = days.at(-1);
      for (const provider of providers) {
        const [first] = lacking;
        if (first === undefined) return;
        try {
          for await (const day of provider.since(first, until, options)) {
            if (lacking.delete(day.date) || day.date > last!) yield day;
          }
        } catch (thrown) {
          failures.push(recorded(provider, thrown, options.signal, onFailure));
        }
      }
      if (failures.length === providers.length) throw new AllProvidersFailed(failures);
    },
  };
}

/**
 * Several sources of prices as one, in order. A source of another series kind than the stored prices is not called: one
 * series must not mix prices adjusted for dividends with unadjusted prices.
 * @throws TypeError without providers
 */
export function etfWithFallback(
  providers: readonly EtfProvider[],
  onFailure?: OnFailure,
): Pick<EtfProvider, "name" | "prices"> {
  if (providers.length === 0) throw new TypeError("expected at least one provider of ETF prices, got none");
  return {
    name: providers.map(({ name }) => name).join(","),

    prices: (request, options = {}) =>
      firstAnswer(
        providers,
        async (provider) => {
          if (request.series === null || request.series === provider.series) return provider.prices(request, options);
          const why = `its prices are ${provider.series}, the stored ones ${request.series}; a full refresh may switch to it`;
          throw unsupportedRequest(provider.name, request, why);
        },
        { ...options, onFailure },
      ),
  };
}

function recorded(
  { name }: { readonly name: string },
  thrown: unknown,
  signal: AbortSignal | undefined,
  onFailure: OnFailure | undefined,
): ProviderFailure {
  signal?.throwIfAborted();
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const failure = { provider: name, error };
  onFailure?.(failure);
  return failure;
}

const MOST_RETRYABLE_FIRST: readonly ErrorClass[] = ["transient", "rate_limited", "unknown", "auth", "validation"];

function mostRetryable(classes: readonly ErrorClass[]): ErrorClass {
  return MOST_RETRYABLE_FIRST.find((errorClass) => classes.includes(errorClass)) ?? "unknown";
}
