/** A request that is answered with an HTTP status and a sentence that says what was expected. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly status: number;
  /** Azure's word for it, sent as `code` and in the header `x-ms-error-code`. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  get body(): string {
    return JSON.stringify({ code: this.code, message: this.message });
  }
}
