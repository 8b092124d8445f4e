/** The answer to a request that is repeated with its `Idempotency-Key` after what it made was deleted. */
import { AppError } from "@/lib/errors.ts";

/**
 * What a repeated request made, or the refusal when that is gone.
 * @throws {AppError} 409 `task_deleted` and the like; any other error that `find` throws
 */
export async function madeBefore<T>(
  what: "project" | "tag" | "task",
  find: () => Promise<T>,
): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof AppError) || error.status !== 404) throw error;
    throw new AppError({
      status: 409,
      code: `${what}_deleted`,
      message: `The ${what} that this Idempotency-Key made was deleted.`,
    });
  }
}
