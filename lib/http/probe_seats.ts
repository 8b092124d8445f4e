/** How many probes of the stream doctor each person has open: each holds a connection for minutes. */
import { AppError } from "@/lib/errors.ts";

/** The doctor itself has three open at a time. */
export const MOST_PROBES_OF_ONE = 32;

const RETRY_SECONDS = 5;

const open = new Map<string, number>();

/**
 * Takes a seat for a probe, of those that a person has in this process.
 * @returns gives it back; once is enough
 * @throws {AppError} 429 `too_many_probes`
 */
export function takeProbeSeat(user: string): () => void {
  const taken = open.get(user) ?? 0;
  if (taken >= MOST_PROBES_OF_ONE) {
    throw new AppError({
      status: 429,
      code: "too_many_probes",
      message:
        `You have ${MOST_PROBES_OF_ONE} probes open already. End some, or wait until they are over.`,
      headers: { "retry-after": String(RETRY_SECONDS) },
    });
  }
  open.set(user, taken + 1);
  let isBack = false;
  return () => {
    if (isBack) return;
    isBack = true;
    const left = open.get(user)! - 1;
    if (left > 0) open.set(user, left);
    else open.delete(user);
  };
}
