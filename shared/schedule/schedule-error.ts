/**
 * A schedule that cannot be: its expression or its zone is wrong. The message has one line per fault, each naming the setting it came from,
 * what was expected and what was got; `faults` holds the same lines.
 */
export class ScheduleError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.name = "ScheduleError";
    this.faults = faults;
  }
}
