/** What the navigation keeps up with: news of threads, and whether the session still holds. */
import { SignedOut } from "@/components/chat/SignedOut.tsx";
import { followThreads } from "@/lib/shared/chat/live_news.ts";
import { signedOut } from "@/lib/shared/chat/signed_out.ts";

/** Follows until the returned function is called. */
export function followLive(): () => void {
  return followThreads((status) => {
    if (status !== 401) signedOut.value = null;
    else signedOut.value ??= <SignedOut />;
  });
}
