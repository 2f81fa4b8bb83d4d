import { closest } from "#text/closest-option.ts";
import { zoneOf } from "./zone.ts";

/** Checks that a name is an IANA time zone of this runtime; a fault goes to `report`. */
export function checkZoneName(name: string, report: (fault: string) => void): void {
  if (/^[A-Za-z]/.test(name) && !isAbbreviation(name) && isKnown(name)) return;
  const guess = guessZone(name);
  const hint = guess ? `; did you mean "${guess}"?` : "";
  report(`expected an IANA time zone such as "Europe/Berlin" or "UTC", got "${name}"${hint}`);
}

/**
 * BST is British Summer Time, and the runtime takes it for Asia/Dhaka: three letters have several meanings. EST and MST
 * are IANA names without summer time, which few people expect of them.
 */
function isAbbreviation(name: string): boolean {
  return name.length === 3 && !UNAMBIGUOUS.has(name.toUpperCase());
}

/** UTC, countries, and the European zones of IANA, which have summer time. */
const UNAMBIGUOUS: ReadonlySet<string> = new Set([
  ...["UTC", "GMT", "UCT", "PRC", "ROC", "ROK"],
  ...["CET", "EET", "MET", "WET"],
]);

function isKnown(name: string): boolean {
  try {
    zoneOf(name);
    return true;
  } catch {
    return false;
  }
}

/** Compares the whole name, then the city alone: "Berlin" and "Europe/Berln" both mean Europe/Berlin. */
function guessZone(name: string): string | undefined {
  const known = ["UTC", ...Intl.supportedValuesOf("timeZone")];
  const spelled = name.trim().replaceAll(" ", "_");
  return closest(spelled, known, (zone) => zone) ?? closest(cityOf(spelled), known, cityOf);
}

function cityOf(zone: string): string {
  return zone.slice(zone.lastIndexOf("/") + 1);
}
