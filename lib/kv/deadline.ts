import type { Clock } from "@/lib/clock.ts";

/** A call to the store did not answer in time. Whether it had an effect is unknown. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** How long to wait, and for what. */
export interface DeadlineOptions {
  clock: Clock;
  deadlineMs: number;
  signal?: AbortSignal;
  /** What is waited for, for the error's message, such as `commit`. */
  what: string;
}

/**
 * Waits for a call to the store, but not for ever. The call itself cannot be taken back: it may still
 * have its effect after this has thrown.
 * @throws {DeadlineError} when `deadlineMs` have passed
 * @throws the signal's reason when it aborts first
 */
export function withDeadline<T>(
  call: PromiseLike<T>,
  { clock, deadlineMs, signal, what }: DeadlineOptions,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => settle(() => reject(signal?.reason));
    const cancel = clock.after(deadlineMs, () =>
      settle(() =>
        reject(
          new DeadlineError(
            `The store did not answer "${what}" within ${deadlineMs} ms`,
          ),
        )
      ));
    const settle = (end: () => void) => {
      cancel();
      signal?.removeEventListener("abort", abort);
      end();
    };
    call.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
  });
}
