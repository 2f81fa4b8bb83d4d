/** What a person can set right: printed as its one sentence, without a stack. */
export class Failure extends Error {
  override name = "Failure";
  readonly exitCode: number = 1;
}

/** The command was not written as it has to be. */
export class WrongUsage extends Failure {
  override name = "WrongUsage";
  override readonly exitCode = 2;
}
