import { z } from "zod";
import { isCivilDate } from "./civil-date.ts";

/*
 * Types of fields in requests and in inputs of jobs. None is wider than the type of the database that stores or
 * compares the value: PostgreSQL has no year 0, and its driver writes no year above 9999.
 */

const [EARLIEST, LATEST] = [Date.parse("0001-01-01T00:00:00Z"), Date.parse("9999-12-31T23:59:59.999Z")];

/** Whether an instant can be stored: its year in UTC is one from 1 to 9999. */
export function isStorableInstant(instant: Date): boolean {
  return instant.getTime() >= EARLIEST && instant.getTime() <= LATEST;
}

/** An instant with its offset, as a `Date`. */
export const instantField = z.iso
  .datetime({ offset: true, error: "expected an instant with its offset, such as 2026-03-31T09:00:00+02:00" })
  .transform((text) => new Date(text))
  .refine(isStorableInstant, "expected a year from 1 to 9999");

/** A date that exists, `YYYY-MM-DD`. */
export const civilDateField = z.iso
  .date({ error: "expected a date that exists, as YYYY-MM-DD", abort: true })
  .refine(isCivilDate, "expected a year from 1 to 9999");

/** The id of a row that the database has numbered, in an address. */
export const serialField = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
