/** Whether the server has stopped knowing who looks at this page: their session has ended. */
import { signal } from "@preact/signals";

export const isSignedOut = signal(false);

/** Notes what a response of the server says about that, by its status. */
export function noteSignIn(status: number): void {
  isSignedOut.value = status === 401;
}
