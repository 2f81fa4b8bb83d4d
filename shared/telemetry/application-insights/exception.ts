import { redact } from "#redaction/redact.ts";

/** Type, message and stack of an error, redacted, as telemetry sends them. */
export function exceptionOf(error: unknown): { type: string; message: string; stack: string } {
  const shown = (redact(error) ?? {}) as { name?: unknown; message?: unknown; stack?: unknown };
  const text = (value: unknown, otherwise: string) => (typeof value === "string" ? value : otherwise);
  const message = text(shown.message, text(shown, "a thrown value that is not an error"));
  return { type: text(shown.name, "Error"), message, stack: text(shown.stack, message) };
}
