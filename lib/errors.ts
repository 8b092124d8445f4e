/**
 * The error classes of Freshet. A service throws one of these; `routes/` turns it into a response in
 * one place, so no service knows about HTTP bodies.
 */

/** What a caller may be told about a failed field of its input. */
export interface FieldError {
  /** Dotted path of the field, for example `message.content`. */
  path: string;
  message: string;
}

export interface AppErrorOptions {
  /** HTTP status that fits the error. */
  status: number;
  /** Stable, machine-readable code, for example `thread_busy`. */
  code: string;
  /** Sentence for a person; never holds secrets or internals. */
  message: string;
  /** Whether the same request may succeed when it is sent again. */
  retryable?: boolean;
  errors?: FieldError[];
  /** More members for the problem document, for example `activeRunId`. */
  extra?: Record<string, unknown>;
  headers?: Record<string, string>;
  cause?: unknown;
}

/** An error that is meant to reach the caller, in words the caller can act on. */
export class AppError extends Error {
  override readonly name: string = "AppError";
  readonly status: number;
  readonly code: string;
  readonly retryable: boolean;
  readonly errors: FieldError[];
  readonly extra: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(options: AppErrorOptions) {
    super(options.message, { cause: options.cause });
    this.status = options.status;
    this.code = options.code;
    this.retryable = options.retryable ?? false;
    this.errors = options.errors ?? [];
    this.extra = options.extra ?? {};
    this.headers = options.headers ?? {};
  }
}

/**
 * A provider did not answer as it should: it refused, timed out, broke off or sent garbage.
 * `providerStatus` is the HTTP status it gave, when it gave one.
 */
export class ProviderError extends AppError {
  override readonly name = "ProviderError";
  readonly providerStatus: number | null;
  /** How long the provider asked us to wait, from `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | null;

  constructor(
    options: AppErrorOptions & {
      providerStatus?: number | null;
      retryAfterMs?: number | null;
    },
  ) {
    super(options);
    this.providerStatus = options.providerStatus ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/**
 * 400 `invalid_request` about one member of a request.
 * @param path the member
 * @param message what it must be, to be read behind its name
 */
export function invalidRequest(path: string, message: string): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `${path} ${message}`,
    errors: [{ path, message }],
  });
}

/** The store did not accept a write, or cannot say whether it did. */
export class StorageError extends AppError {
  override readonly name = "StorageError";

  constructor(
    message: string,
    options: { code?: string; cause?: unknown } = {},
  ) {
    super({
      status: 503,
      code: options.code ?? "storage_unavailable",
      message,
      retryable: true,
      cause: options.cause,
    });
  }
}

/** Another process has taken over what this one owned; nothing it writes counts any more. */
export class FencedError extends Error {
  override readonly name = "FencedError";
}
