import { useEffect } from "preact/hooks";

/** What comes together is read together, in milliseconds. */
const GATHER_MS = 300;

/** How far a document is, told while it is worked on. */
export interface DocumentNews {
  id: string;
  progress: number;
  message: string;
}

/**
 * Follows the documents of whoever looks, while the page is open. The options of the first rendering hold.
 * @param read reads the page again, where more has changed than progress
 */
export function useDocumentNews(
  { onProgress, read }: {
    onProgress: (news: DocumentNews) => void;
    read: () => Promise<void>;
  },
): void {
  useEffect(() => {
    let isGone = false;
    let stop = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    const readSoon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        // The next news is the next chance.
        read().catch(() => {});
      }, GATHER_MS);
    };
    void import("@/lib/shared/live/live_client.ts").then(({ live }) => {
      if (isGone) return;
      stop = live().on("documents", (event) => {
        if (event.type === "channel.refused") return;
        const news = event.type === "document.progress"
          ? readNews(event.data)
          : null;
        if (news === null) readSoon();
        else onProgress(news);
      });
    });
    return () => {
      isGone = true;
      clearTimeout(timer);
      stop();
    };
  }, []);
}

function readNews(data: unknown): DocumentNews | null {
  if (typeof data !== "object" || data === null) return null;
  const { documentId, progress, message } = data as Record<string, unknown>;
  return typeof documentId === "string" && typeof progress === "number"
    ? { id: documentId, progress, message: String(message ?? "") }
    : null;
}
