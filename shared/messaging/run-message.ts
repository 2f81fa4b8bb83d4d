/** The body of a queue message: only the run's id. The ledger holds the rest, so a duplicate message is harmless. */
export interface RunMessage {
  readonly run: string;
}

/** A message body that is not a `RunMessage`; the error names what was expected. */
export class UnreadableMessage extends Error {
  override name = "UnreadableMessage";
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** @throws UnreadableMessage saying what was expected */
export function readRunMessage(body: unknown): RunMessage {
  const value = typeof body === "string" ? parsed(body) : body;
  const run = value instanceof Object ? (value as { run?: unknown }).run : undefined;
  if (typeof run !== "string" || !UUID.test(run)) {
    throw new UnreadableMessage('expected an object such as {"run":"<uuid of a run>"}');
  }
  return { run: run.toLowerCase() };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UnreadableMessage(`expected JSON: ${(error as Error).message}`);
  }
}
