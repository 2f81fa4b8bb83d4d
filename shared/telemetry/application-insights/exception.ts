import { redact } from "#redaction/redact.ts";

/** An error as it may leave the process. */
export function exceptionOf(error: unknown): { type: string; message: string; stack: string } {
  const shown = (redact(error) ?? {}) as { name?: unknown; message?: unknown; stack?: unknown };
  const text = (value: unknown, otherwise: string) => (typeof value === "string" ? value : otherwise);
  const message = text(shown.message, text(shown, "something that is no error"));
  return { type: text(shown.name, "Error"), message, stack: text(shown.stack, message) };
}
