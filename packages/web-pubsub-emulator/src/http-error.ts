/** An error that the emulator answers with an HTTP status. Its message says what was expected and what came. */
export class HttpError extends Error {
  override name = "HttpError";
  readonly status: number;
  /** Azure's error code, sent in the body and in the header `x-ms-error-code`. */
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

export function badRequest(message: string): HttpError {
  return new HttpError(400, "BadRequest", message);
}

export function notFound(message: string): HttpError {
  return new HttpError(404, "NotFound", message);
}

/** Wraps an unexpected error as status 500. */
export function httpErrorOf(error: unknown): HttpError {
  return error instanceof HttpError ? error : new HttpError(500, "InternalServerError", String(error));
}
