import { type CivilDate, isCivilDate } from "#rules/civil-date.ts";
import { ProviderError } from "./provider-error.ts";

/** One currency on one day: 1 EUR = `rate` units of `quote`. The rate is the decimal exactly as published. */
export interface PublishedRate {
  readonly quote: string;
  readonly rate: string;
}

/** All rates that one source published for one day. A provider never returns a part of a day. */
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
  /** The newest published day. */
  latest(options?: FxOptions): Promise<RatesOfDay>;
  /**
   * Every published day from start to end, both included, newest first; weekends and holidays have no rates. Days
   * arrive while the response is read; the days before a failure are valid.
   */
  since(start: CivilDate, end: CivilDate, options?: FxOptions): AsyncIterable<RatesOfDay>;
}

/** The source of a response, for errors about it. */
export interface AnswerSource {
  readonly provider: string;
  readonly url: string;
}

/**
 * Whether a text is a positive decimal in plain notation. Rates are texts, because a number would change the digits.
 */
export function isPublishedRate(text: string): boolean {
  return /^\d{1,15}(\.\d{1,15})?$/.test(text) && /[1-9]/.test(text);
}

/**
 * Checks that both dates exist and are in order.
 * @throws ProviderError of class `validation` that names the wrong date
 */
export function checkRange(provider: string, start: CivilDate, end: CivilDate): void {
  const refuse = (sentence: string) =>
    new ProviderError(`${provider} was not called: ${sentence}`, { provider, errorClass: "validation" });
  for (const [name, date] of Object.entries({ start, end })) {
    if (!isCivilDate(date)) throw refuse(`expected the ${name} date as YYYY-MM-DD, got "${date}"`);
  }
  if (start > end) throw refuse(`the start date ${start} is after the end date ${end}`);
}
