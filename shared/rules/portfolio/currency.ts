import type { CivilDate } from "../civil-date.ts";

/** Whether the text has the form of an ISO 4217 code: three capital letters. The code may not exist. */
export function isCurrencyCode(text: string): boolean {
  return /^[A-Z]{3}$/.test(text);
}

/** Whether the code is an active ISO 4217 currency, or one for which the ECB ever published a rate. */
export function isKnownCurrency(code: string): boolean {
  return ACTIVE.has(code) || LAST_DAY_AT_ECB[code] !== undefined;
}

/** Whether the ECB publishes no rates of the currency after `newest`, its newest stored day. */
export function hasEndedAtEcb(code: string, newest: CivilDate | null): boolean {
  const last = LAST_DAY_AT_ECB[code];
  return last !== undefined && (newest ?? "") <= last;
}

/** Decimals of the currency's smallest unit in ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD. */
export function minorDigits(code: string): number {
  if (WITHOUT_MINOR_UNIT.has(code)) return 0;
  return IN_THOUSANDTHS.has(code) ? 3 : 2;
}

/** Not from `Intl`, whose digits are for display: there the forint has no decimals. */
const WITHOUT_MINOR_UNIT: ReadonlySet<string> = new Set(
  "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(" "),
);
const IN_THOUSANDTHS: ReadonlySet<string> = new Set("BHD IQD JOD KWD LYD OMR TND".split(" "));

/** ISO 4217 list one, without funds, metals, testing and no-currency codes. */
const ACTIVE: ReadonlySet<string> = new Set(
  (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY " +
    "COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR " +
    "ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK " +
    "MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF " +
    "SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU " +
    "UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
  ).split(" "),
);

/** The last day of currencies that the ECB once published: replaced, most of them by the euro, or suspended (RUB). */
const LAST_DAY_AT_ECB: Readonly<Record<string, CivilDate>> = {
  BGN: "2025-12-31",
  CYP: "2007-12-31",
  EEK: "2010-12-31",
  HRK: "2022-12-30",
  LTL: "2014-12-31",
  LVL: "2013-12-31",
  MTL: "2007-12-31",
  ROL: "2005-06-30",
  RUB: "2022-03-01",
  SIT: "2006-12-29",
  SKK: "2008-12-31",
  TRL: "2004-12-31",
};
