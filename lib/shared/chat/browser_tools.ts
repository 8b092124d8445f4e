/** What a session needs, taken from the browser. Call this in the browser only. */
import { Drafts, type WatchStorage } from "./drafts.ts";
import { browserFetch, ChatRequests } from "./requests.ts";
import type { PageWatch } from "./run_stream.ts";
import type { SessionTools } from "./session.ts";

/** The page in this browser. */
export const pageWatch: PageWatch = {
  isHidden: () => document.visibilityState === "hidden",
  onChange(callback) {
    const onShown = () => callback(false);
    const onOnline = () => callback(true);
    document.addEventListener("visibilitychange", onShown);
    globalThis.addEventListener("online", onOnline);
    return () => {
      document.removeEventListener("visibilitychange", onShown);
      globalThis.removeEventListener("online", onOnline);
    };
  },
};

const watchStorage: WatchStorage = (onChange) => {
  const onStorage = ({ key, newValue, oldValue }: StorageEvent) =>
    onChange(key, newValue, oldValue);
  globalThis.addEventListener("storage", onStorage);
  return () => globalThis.removeEventListener("storage", onStorage);
};

/** Storage may be forbidden, in which case asking for it throws. */
function openDrafts(): Drafts {
  try {
    return new Drafts(localStorage, watchStorage, sessionStorage);
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
    page: pageWatch,
    drafts: openDrafts(),
    now: () => Date.now(),
    // A hidden page draws no frames, but its text should be whole when it shows again.
    onFrame: (callback, delayMs) =>
      pageWatch.isHidden() || delayMs > 0
        ? void setTimeout(callback, delayMs)
        : void requestAnimationFrame(callback),
    showAddress,
  };
}
