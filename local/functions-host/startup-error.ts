/** The host cannot start this app. Each reason is a sentence that says what is wrong and what to do. */
export class HostStartupError extends Error {
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super(
      reasons.length === 1
        ? `The Functions host does not start: ${reasons[0]}`
        : `The Functions host does not start, for ${reasons.length} reasons:\n${reasons.map((r) => `  - ${r}`).join("\n")}`,
    );
    this.name = "HostStartupError";
    this.reasons = reasons;
  }
}
