/** What a session needs, taken from the browser. Call this in the browser only. */
import { Drafts } from "./drafts.ts";
import { browserFetch, ChatRequests } from "./requests.ts";
import type { PageWatch } from "./run_stream.ts";
import type { SessionTools } from "./session.ts";

const page: PageWatch = {
  isHidden: () => document.visibilityState === "hidden",
  onChange(callback) {
    document.addEventListener("visibilitychange", callback);
    globalThis.addEventListener("online", callback);
    return () => {
      document.removeEventListener("visibilitychange", callback);
      globalThis.removeEventListener("online", callback);
    };
  },
};

/** Storage may be forbidden, in which case asking for it throws. */
function openDrafts(): Drafts {
  try {
    return new Drafts(localStorage);
  } catch {
    return new Drafts(null);
  }
}

export function browserTools(
  showAddress: (threadId: string) => void,
): SessionTools {
  return {
    requests: new ChatRequests(browserFetch),
    fetch: browserFetch,
    page,
    drafts: openDrafts(),
    now: () => Date.now(),
    // A hidden page draws no frames, but its text should be whole when it shows again.
    onFrame: (callback, delayMs) =>
      page.isHidden() || delayMs > 0
        ? void setTimeout(callback, delayMs)
        : void requestAnimationFrame(callback),
    showAddress,
  };
}
