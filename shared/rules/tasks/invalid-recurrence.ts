export type RecurrenceField =
  "due_date" | "time_zone" | "recurrence_type" | "recurrence_interval" | "recurrence_rule" | "recurrence_anchor_day";

/** A recurrence that is invalid or has no occurrence: names the field, what was expected and what it got. */
export class InvalidRecurrence extends Error {
  override name = "InvalidRecurrence";
  readonly errorClass = "validation";
  readonly field: RecurrenceField;
  readonly reason: string;
  constructor(field: RecurrenceField, reason: string) {
    super(`${field}: ${reason}`);
    this.field = field;
    this.reason = reason;
  }
}
