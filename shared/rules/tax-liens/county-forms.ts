import type { NumberStyle, RateUnit } from "./county-amount.ts";
import type { FieldOf } from "./lien-fields.ts";

/** The words of a flag's column. */
export interface FlagWords {
  readonly yes: readonly string[];
  readonly no: readonly string[];
  /** What every other text means, such as the number of a case. Absent: a row with another text is refused. */
  readonly other?: "yes" | "no" | undefined;
}

/** The formats and terms of a county's list. */
export interface CountyForms {
  readonly numbers: NumberStyle;
  /** Default percent, with a warning for rates below 1. */
  readonly rates?: RateUnit | undefined;
  /** `MM/DD/YYYY`; a text of several patterns is read by the one that fits. */
  readonly dates: string | readonly string[];
  /** The last two-digit year of this century. Default 68; tax years of two digits need it. */
  readonly pivot?: number | undefined;
  /** Its terms for statuses and property types, as `wordKey` writes them, mapped to ours. */
  readonly statuses: Readonly<Record<string, string>>;
  readonly propertyTypes: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Partial<Record<FieldOf<"flag">, FlagWords>>> | undefined;
  /** Whether ids stay exactly as they are written. Default: marks of spreadsheets are removed, damage is refused. */
  readonly ids?: "cleaned" | "as-written" | undefined;
}
