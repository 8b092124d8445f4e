/** What the navigation keeps up with: news of threads, and whether the session still holds. */
import { effect } from "@preact/signals";
import { SignedOut } from "@/components/chat/SignedOut.tsx";
import { followThreads } from "@/lib/shared/chat/live_news.ts";
import { signedOut } from "@/lib/shared/chat/signed_out.ts";
import { live } from "@/lib/shared/live/live_client.ts";
import { offerBackground } from "@/components/chat/offer_background.tsx";
import { watchRunningJobs } from "@/lib/shared/jobs/watch_running.ts";
import { watchNotifications } from "@/lib/shared/notifications/watch.ts";
import { sayReconnecting } from "@/lib/shared/live/reconnecting.ts";

/** Follows until the returned function is called. */
export function followLive(): () => void {
  const { state } = live();
  const stops = [
    followThreads(),
    sayReconnecting(state),
    watchNotifications(),
    watchRunningJobs(),
    offerBackground(),
    effect(() => {
      if (state.value === "open") signedOut.value = null;
      else if (state.value === "signed_out" && signedOut.peek() === null) {
        signedOut.value = <SignedOut />;
      }
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
