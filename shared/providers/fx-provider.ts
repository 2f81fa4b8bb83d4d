import { type CivilDate, isCivilDate } from "#rules/civil-date.ts";
import { ProviderError } from "./provider-error.ts";

/** One currency on one day: 1 EUR = `rate` units of `quote`. The rate is the decimal exactly as it was published. */
export interface PublishedRate {
  readonly quote: string;
  readonly rate: string;
}

/** All that one source published for one day, whole: a day that was only read in part is never handed on. */
export interface RatesOfDay {
  readonly date: CivilDate;
  /** Name of the provider. */
  readonly source: string;
  readonly rates: readonly PublishedRate[];
}

export interface FxOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A service that publishes reference rates of the euro. Every failure is a ProviderError. */
export interface FxProvider {
  readonly name: string;
  /** The newest day there is. */
  latest(options?: FxOptions): Promise<RatesOfDay>;
  /**
   * Every published day from start to end, both included, newest first; weekends and holidays have none. Days come as
   * they are read: those handed on before a failure are sound.
   */
  since(start: CivilDate, end: CivilDate, options?: FxOptions): AsyncIterable<RatesOfDay>;
}

/** Where an answer came from, for the errors about it. */
export interface AnswerSource {
  readonly provider: string;
  readonly url: string;
}

/** A positive decimal in plain notation; kept as text, because a JavaScript number would change its digits. */
export function isPublishedRate(text: string): boolean {
  return /^\d{1,15}(\.\d{1,15})?$/.test(text) && /[1-9]/.test(text);
}

/** Both dates exist and are in order, or a ProviderError of class `validation` that names the wrong one. */
export function checkRange(provider: string, start: CivilDate, end: CivilDate): void {
  const refuse = (sentence: string) =>
    new ProviderError(`${provider} was not called: ${sentence}`, { provider, errorClass: "validation" });
  for (const [name, date] of Object.entries({ start, end })) {
    if (!isCivilDate(date)) throw refuse(`expected the ${name} date as YYYY-MM-DD, got "${date}"`);
  }
  if (start > end) throw refuse(`the start date ${start} is after the end date ${end}`);
}
