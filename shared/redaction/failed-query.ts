/**
 * An error's words without the values of a failed query: Drizzle's wrapper repeats the whole statement and every value in
 * its message, and its stack repeats the message.
 */
export function withoutValues({ message, stack }: { message: string; stack: string }): {
  message: string;
  stack: string;
} {
  const end = message.startsWith("Failed query: ") ? message.indexOf("\nparams: ") : -1;
  if (end < 0) return { message, stack };
  const shown = message.slice(0, end);
  return { message: shown, stack: stack.replace(message, () => shown) };
}
