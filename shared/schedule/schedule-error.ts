/**
 * The expression or the zone of a schedule is not valid. The message has one line per fault with the setting, what was
 * expected and what was found; `faults` holds the same lines.
 */
export class ScheduleError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.name = "ScheduleError";
    this.faults = faults;
  }
}
