import type { AmqpError } from "./rhea.ts";

/** An error with the condition and the text of Azure, which clients recognise. */
export class BrokerError extends Error implements AmqpError {
  override readonly name = "BrokerError";
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

export function unknownEntity(path: string, known: readonly string[]): BrokerError {
  // The client recognises an unknown entity by the first sentence.
  const list = known.length > 0 ? known.join(", ") : "none";
  return new BrokerError(
    "amqp:not-found",
    404,
    `The messaging entity '${path}' could not be found. Known here: ${list}.`,
  );
}

export const messageLockLost = (): BrokerError =>
  new BrokerError(
    "com.microsoft:message-lock-lost",
    410,
    "The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.",
  );

export const sessionLockLost = (sessionId: string): BrokerError =>
  new BrokerError(
    "com.microsoft:session-lock-lost",
    410,
    `The session lock was lost: the session '${sessionId}' is not held by this receiver. Accept the session again.`,
  );

export const sessionCannotBeLocked = (sessionId: string): BrokerError =>
  new BrokerError(
    "com.microsoft:session-cannot-be-locked",
    410,
    `The requested session '${sessionId}' cannot be accepted. It may be locked by another receiver.`,
  );

export const noSessionInTime = (): BrokerError =>
  new BrokerError("com.microsoft:timeout", 408, "No session with messages became free within the time given.");

export const messageNotFound = (sequence: number): BrokerError =>
  new BrokerError("com.microsoft:message-not-found", 404, `There is no such message with sequence number ${sequence}.`);

export const messageTooLarge = (bytes: number, limit: number): BrokerError =>
  new BrokerError(
    "amqp:link:message-size-exceeded",
    403,
    `The received message is too large: expected at most ${limit} bytes, got ${bytes}.`,
  );

export const sessionRequired = (path: string): BrokerError =>
  new BrokerError(
    "amqp:not-allowed",
    400,
    `The entity '${path}' requires sessions: a message needs a sessionId, and a receiver has to accept a session.`,
  );

export const noSessions = (path: string): BrokerError =>
  new BrokerError(
    "amqp:not-allowed",
    400,
    `The entity '${path}' does not require sessions, so no session of it can be accepted.`,
  );

export const malformed = (reason: string): BrokerError => new BrokerError("amqp:decode-error", 400, reason);

export const noReplyLink = (name: string): BrokerError =>
  new BrokerError("amqp:not-found", 404, `The request has no link for its reply: none named '${name}' is open.`);

export const notImplemented = (operation: string): BrokerError =>
  new BrokerError("amqp:not-implemented", 501, `The operation '${operation}' is not supported by this emulator.`);

/** Turns any thrown value into an error that a client understands. */
export function asBrokerError(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  return new BrokerError("amqp:internal-error", 500, error instanceof Error ? error.message : String(error));
}
