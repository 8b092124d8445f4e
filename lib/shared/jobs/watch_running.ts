/** Keeps the count of running jobs in the navigation. Import it on demand. */
import { live } from "@/lib/shared/live/live_client.ts";
import { readJobNews } from "./job_news.ts";
import { readRunningJobs } from "./job_requests.ts";

/** Follows until the returned function is called; nothing where the page shows no count. */
export function watchRunningJobs(): () => void {
  const place = document.querySelector<HTMLElement>("[data-running-jobs]");
  const count = place?.firstElementChild;
  if (!place || !count) return () => {};
  const quietKinds = place.dataset.quietKinds?.split(" ") ?? [];
  let running = Number(count.textContent);
  const show = (now: number) => {
    running = Math.max(0, now);
    count.textContent = String(running);
    place.hidden = running === 0;
  };
  return live().on("jobs", (event) => {
    if (event.type === "channel.refused") return;
    const news = readJobNews(event);
    if (news === null) {
      // What happened before is not told any more.
      readRunningJobs(quietKinds).then(show, () => {});
      return;
    }
    const { before, status, kind } = news;
    if (quietKinds.includes(kind) || before === status) return;
    if (status === "running") show(running + 1);
    else if (before === "running") show(running - 1);
  });
}
