/** The structured log of a job: a sentence, then fields. The layer adds job, run and attempt, and redacts secrets. */
export interface JobLog {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  /** The same log with these fields on every line. */
  with(fields: Record<string, unknown>): JobLog;
}
