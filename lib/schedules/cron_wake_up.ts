/** The wake-up of a platform that stops processes nobody asks: its cron, once a minute (docs/decisions/0025). */

/** What the wake-up needs of the services of the process that it wakes. */
export interface WokenServices {
  scheduleTicker: { tick(): Promise<void> };
  jobWorker: { readonly running: number };
}

/** How long a wake-up stays for the jobs that began with it: well within the minute to the next one, in milliseconds. */
const STAY_MS = 50_000;
const LOOK_MS = 250;

type Cron = (
  name: string,
  schedule: string,
  handler: () => Promise<void>,
) => unknown;

/** The cron of Deno Deploy; elsewhere there is none, though a process of its own may have one in memory. */
function platformCron(): Cron | null {
  return Deno.env.has("DENO_DEPLOY") && typeof Deno.cron === "function"
    ? (name, schedule, handler) => Deno.cron(name, schedule, handler)
    : null;
}

/**
 * Registers the cron where there is one; elsewhere each process wakes by itself. Call it once, at the entry,
 * since a platform learns of its crons before anything is asked.
 * @param services those of the process, when it is woken
 */
export function registerWakeUp(
  services: () => WokenServices,
  cron: Cron | null = platformCron(),
): void {
  cron?.("freshet schedules", "* * * * *", async () => {
    const { scheduleTicker, jobWorker } = services();
    await scheduleTicker.tick();
    // What is begun here goes on only while this is awake.
    const endAt = performance.now() + STAY_MS;
    do {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    } while (jobWorker.running > 0 && performance.now() < endAt);
  });
}
