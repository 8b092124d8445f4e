import { useEffect } from "preact/hooks";
import type { ChatSession } from "@/lib/shared/chat/session.ts";

/** The page's shortcuts; they load right after the page has come to life. */
export function usePageKeys(session: ChatSession): void {
  useEffect(() => {
    let isGone = false;
    let stop = () => {};
    void import("./page_keys.ts").then(({ watchPageKeys }) => {
      if (!isGone) stop = watchPageKeys(session);
    });
    return () => {
      isGone = true;
      stop();
    };
  }, []);
}
