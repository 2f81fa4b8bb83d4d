import { classify, type ErrorClass, retryAfter } from "#jobs/error-class.ts";
import { type EtfProvider, notAsked } from "./etf-provider.ts";
import type { FxProvider, RatesOfDay } from "./fx-provider.ts";

/** One provider that was asked and failed, so that the next one was. */
export interface ProviderFailure {
  readonly provider: string;
  readonly error: Error;
}

export type OnFailure = (failure: ProviderFailure) => void;

/**
 * Every provider of the order failed; the message has each one's reason. Its class is the most hopeful of theirs (`transient`,
 * then `rate_limited`, `unknown`, `auth`, `validation`), because a retry asks all of them again; its wait is the shortest named.
 */
export class AllProvidersFailed extends AggregateError {
  override readonly name = "AllProvidersFailed";
  readonly failures: readonly ProviderFailure[];
  readonly errorClass: ErrorClass;
  readonly retryAfterMs: number | undefined;

  constructor(failures: readonly ProviderFailure[]) {
    const errors = failures.map(({ error }) => error);
    super(errors, `no provider answered: ${errors.map(({ message }) => message).join("; ")}`);
    this.failures = failures;
    this.errorClass = mostHopeful(errors.map(classify));
    const waits = errors.map(retryAfter).filter((wait) => wait !== undefined);
    this.retryAfterMs = waits.length > 0 ? Math.min(...waits) : undefined;
  }
}

/** The answer of the first provider that gives one; each failure before it is told to `onFailure`. An abort ends it at once. */
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

/**
 * Several sources of exchange rates as one. When a source fails in the middle of its days, the next one answers the whole
 * range anew: what one source answers is never completed by another, and each day says whose it is.
 */
export function fxInOrder(providers: readonly FxProvider[], onFailure?: OnFailure): FxProvider {
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
  };
}

/**
 * Several sources of prices as one. A source of the other kind than the series that is to be continued is not asked: prices
 * adjusted for dividends and prices that are not must never stand in one series.
 */
export function etfInOrder(
  providers: readonly EtfProvider[],
  onFailure?: OnFailure,
): Pick<EtfProvider, "name" | "prices"> {
  if (providers.length === 0) throw new TypeError("expected at least one provider of ETF prices, got none");
  return {
    name: providers.map(({ name }) => name).join(","),

    prices: (question, options = {}) =>
      firstAnswer(
        providers,
        async (provider) => {
          if (question.series === null || question.series === provider.series)
            return provider.prices(question, options);
          const why = `its prices are ${provider.series}, the stored ones ${question.series}; a full refresh may change over`;
          throw notAsked(provider.name, question, why);
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

const BY_HOPE: readonly ErrorClass[] = ["transient", "rate_limited", "unknown", "auth", "validation"];

function mostHopeful(classes: readonly ErrorClass[]): ErrorClass {
  return BY_HOPE.find((errorClass) => classes.includes(errorClass)) ?? "unknown";
}
