import { useEffect } from "preact/hooks";
import { type JobNews, readJobNews } from "@/lib/shared/jobs/job_news.ts";

const READ_EVERY_MS = 1_000;

/** What comes together is read together, in milliseconds. */
const GATHER_MS = 60;

export interface JobNewsOptions {
  /** Whose jobs: `jobs`, or `admin:jobs`. */
  channel: string;
  /** Kinds that the page does not tell of, unless one fails. */
  quietKinds?: readonly string[];
  /** Told of each change at once. */
  onNews: (news: JobNews) => void;
  /** Reads the page again, where more has changed than news tell; never twice at a time. */
  read: () => Promise<void>;
  /** It is read again so long after the last time at the earliest, in milliseconds; a second unless told. */
  everyMs?: number;
}

/** Follows jobs while a page is open. The options of the first rendering hold. */
export function useJobNews(
  {
    channel,
    quietKinds,
    onNews,
    read,
    everyMs = READ_EVERY_MS,
  }: JobNewsOptions,
): void {
  useEffect(() => {
    let isGone = false;
    let stop = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    let readAtMs = -everyMs;
    let isReading = false;
    const readSoon = () => {
      if (timer !== undefined || isGone) return;
      const since = performance.now() - readAtMs;
      timer = setTimeout(async () => {
        timer = undefined;
        if (isReading) return readSoon();
        readAtMs = performance.now();
        isReading = true;
        // The next news is the next chance.
        await read().catch(() => {});
        isReading = false;
      }, Math.max(GATHER_MS, everyMs - since));
    };
    void import("@/lib/shared/live/live_client.ts").then(({ live }) => {
      if (isGone) return;
      stop = live().on(channel, (event) => {
        if (event.type === "channel.refused") return;
        const news = readJobNews(event);
        const isQuiet = news !== null && news.status !== "dead" &&
          quietKinds?.includes(news.kind);
        if (isQuiet) return;
        if (news !== null) onNews(news);
        const isAll = event.type === "job.progress" &&
          news?.progress !== undefined;
        if (!isAll) readSoon();
      });
    });
    return () => {
      isGone = true;
      clearTimeout(timer);
      stop();
    };
  }, []);
}
