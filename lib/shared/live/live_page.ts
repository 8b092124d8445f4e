/** What a live connection needs to know of the page it is on. */

/**
 * `online`: the network was away, and connections from before are not to be trusted. `gone`: the page is
 * left; it may be shown again as it was, which a browser grants only to pages without connections.
 */
export type PageChange = "shown" | "hidden" | "online" | "gone";

export interface LivePage {
  isShown(): boolean;
  /** Calls back on every change; returns how to stop. */
  onChange(callback: (change: PageChange) => void): () => void;
}

/** The page in this browser. */
export const browserPage: LivePage = {
  isShown: () => document.visibilityState !== "hidden",
  onChange(callback) {
    const stopped = new AbortController();
    const { signal } = stopped;
    const look = () => callback(browserPage.isShown() ? "shown" : "hidden");
    document.addEventListener("visibilitychange", look, { signal });
    addEventListener("pageshow", (event) => {
      if ((event as PageTransitionEvent).persisted) look();
    }, { signal });
    addEventListener("pagehide", () => callback("gone"), { signal });
    addEventListener("online", () => callback("online"), { signal });
    return () => stopped.abort();
  },
};
