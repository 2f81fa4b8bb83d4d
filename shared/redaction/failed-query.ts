/**
 * The message and the stack of an error without the parameters of a failed query. Drizzle's wrapper writes the
 * statement and every parameter into its message, and the stack repeats the message.
 */
export function withoutParameters({ message, stack }: { message: string; stack: string }): {
  message: string;
  stack: string;
} {
  const end = message.startsWith("Failed query: ") ? message.indexOf("\nparams: ") : -1;
  if (end < 0) return { message, stack };
  const shown = message.slice(0, end);
  return { message: shown, stack: stack.replace(message, () => shown) };
}
