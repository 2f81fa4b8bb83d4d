import type { ErrorClass } from "#jobs/error-class.ts";

/** Failures in a row before a person hears of them. */
export const ALERT_AFTER = 3;

/**
 * Whether a failure is one to alert about: the third in a row and each after it, or any of authentication, which no
 * retry repairs. Pure.
 * @param failures in a row, with this one
 */
export function isAlertDue(failures: number, errorClass: ErrorClass): boolean {
  return failures >= ALERT_AFTER || (failures > 0 && errorClass === "auth");
}
