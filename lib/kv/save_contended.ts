/** Saving what several people, or processes, may change at a time. */
import { AppError } from "@/lib/errors.ts";
import { commit } from "./commit.ts";
import type { Store } from "./store.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

/** So often a change is made anew when somebody else was quicker. */
const ATTEMPTS = 5;

/**
 * Makes a change of what is there and saves it, anew while somebody else was quicker.
 * @param busy what the caller is told when that never ends
 * @param make reads what is there and gives the guarded unit that changes it, and what is then saved; it may
 *   be called several times, and throws what the caller is to be told
 * @throws {AppError} 409 `conflict`, with `busy`
 * @throws what `make` and `commit` throw
 */
export async function saveContended<Saved>(
  store: Store,
  busy: string,
  make: () => Promise<{ unit: UnitOfWork; saved: Saved }>,
): Promise<Saved> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { unit, saved } = await make();
    if ((await commit(store, unit)).ok) return saved;
  }
  throw new AppError({
    status: 409,
    code: "conflict",
    message: busy,
    retryable: true,
  });
}
