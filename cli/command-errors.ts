/** An error that the user can correct: printed as one sentence, without a stack. */
export class CommandError extends Error {
  override name = "CommandError";
  readonly exitCode: number = 1;
}

/** The command line is malformed. */
export class UsageError extends CommandError {
  override name = "UsageError";
  override readonly exitCode = 2;
}
