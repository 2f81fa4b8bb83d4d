import type { AmqpError } from "./rhea.ts";

/** A refusal in the words that Azure uses: clients recognise some of them. */
export class Refusal extends Error implements AmqpError {
  override readonly name = "Refusal";
  readonly condition: string;
  readonly statusCode: number;

  constructor(condition: string, statusCode: number, description: string) {
    super(description);
    this.condition = condition;
    this.statusCode = statusCode;
  }

  get description(): string {
    return this.message;
  }
}

export function unknownEntity(path: string, known: readonly string[]): Refusal {
  // The client tells an unknown entity from a lost connection by the first sentence.
  const list = known.length > 0 ? known.join(", ") : "none";
  return new Refusal("amqp:not-found", 404, `The messaging entity '${path}' could not be found. Known here: ${list}.`);
}

export const messageLockLost = (): Refusal =>
  new Refusal(
    "com.microsoft:message-lock-lost",
    410,
    "The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.",
  );

export const sessionLockLost = (sessionId: string): Refusal =>
  new Refusal(
    "com.microsoft:session-lock-lost",
    410,
    `The session lock was lost: the session '${sessionId}' is not held by this receiver. Accept the session again.`,
  );

export const sessionCannotBeLocked = (sessionId: string): Refusal =>
  new Refusal(
    "com.microsoft:session-cannot-be-locked",
    410,
    `The requested session '${sessionId}' cannot be accepted. It may be locked by another receiver.`,
  );

export const noSessionInTime = (): Refusal =>
  new Refusal("com.microsoft:timeout", 408, "No session with messages became free within the time given.");

export const messageNotFound = (sequence: number): Refusal =>
  new Refusal("com.microsoft:message-not-found", 404, `There is no such message with sequence number ${sequence}.`);

export const messageTooLarge = (bytes: number, limit: number): Refusal =>
  new Refusal(
    "amqp:link:message-size-exceeded",
    403,
    `The received message is too large: expected at most ${limit} bytes, got ${bytes}.`,
  );

export const sessionRequired = (path: string): Refusal =>
  new Refusal(
    "amqp:not-allowed",
    400,
    `The entity '${path}' requires sessions: a message needs a sessionId, and a receiver has to accept a session.`,
  );

export const noSessions = (path: string): Refusal =>
  new Refusal(
    "amqp:not-allowed",
    400,
    `The entity '${path}' does not require sessions, so no session of it can be accepted.`,
  );

export const malformed = (reason: string): Refusal => new Refusal("amqp:decode-error", 400, reason);

export const notImplemented = (operation: string): Refusal =>
  new Refusal("amqp:not-implemented", 501, `The operation '${operation}' is not among those that this stand-in knows.`);

/** Whatever was thrown, as something that a client can be told. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Error && error.name === "WireError") return malformed(error.message);
  return new Refusal("amqp:internal-error", 500, error instanceof Error ? error.message : String(error));
}
