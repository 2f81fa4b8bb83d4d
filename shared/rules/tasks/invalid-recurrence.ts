export type RecurrenceField =
  "due_date" | "time_zone" | "recurrence_type" | "recurrence_interval" | "recurrence_rule" | "recurrence_anchor_day";

/** A recurrence that cannot be read, or that never comes: names the field, what was expected of it and what was got. */
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
