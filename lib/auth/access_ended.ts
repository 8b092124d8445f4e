/** The refusals of a caller whose right to be here has ended. */
import { AppError } from "@/lib/errors.ts";

/** 401 `invalid_api_key`: no such key, or none any more; which of the two is not said. */
export function invalidApiKey(): AppError {
  return new AppError({
    status: 401,
    code: "invalid_api_key",
    message: "The API key is not known here, has expired or was revoked.",
    headers: { "www-authenticate": "Bearer" },
  });
}

/** Tells a stream that its caller may follow it no longer. */
export class AccessEnded extends AppError {
  override readonly name: string = "AccessEnded";

  /** @param isKey the request came with a key, not by a session */
  constructor(isKey: boolean) {
    super(
      isKey
        ? {
          status: 401,
          code: "invalid_api_key",
          message: "The API key was revoked or has expired.",
          headers: { "www-authenticate": "Bearer" },
        }
        : {
          status: 401,
          code: "sign_in_needed",
          message: "You were signed out. Sign in again.",
        },
    );
  }
}
