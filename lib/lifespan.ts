/**
 * Start and end of a process. The services hang on one symbol of `globalThis`, the only global of the
 * project, since the server's entry, the built app and the tests may each load this module as a copy of
 * their own.
 */
import {
  type Config,
  readConfig,
  settingsWithoutEffect,
} from "@/lib/config.ts";
import { stopBackground } from "@/lib/background.ts";
import { type Services, startServices } from "@/lib/services.ts";

/** How long running answers get to store their ends when the process stops, in milliseconds. */
const FINAL_WRITES_MS = 2_000;

/** How long the last records of requests get, in milliseconds. */
const REQUEST_RECORDS_MS = 300;

const SERVICES = Symbol.for("freshet.services");

type Global = typeof globalThis & { [SERVICES]?: Services };

/** The services of this process. @throws {Error} before `ensureServices` */
export function currentServices(): Services {
  const services = (globalThis as Global)[SERVICES];
  if (services === undefined) throw new Error("Services have not been started");
  return services;
}

/** Makes services the ones of this process; a test harness does this with its own. */
export function setServices(services: Services | undefined): void {
  (globalThis as Global)[SERVICES] = services;
}

/**
 * The services of this process, started when they are not there yet.
 * @throws {ConfigError} when a setting cannot be used
 */
export async function ensureServices(config?: Config): Promise<Services> {
  const there = (globalThis as Global)[SERVICES];
  if (there !== undefined) return there;
  const services = await startServices(config ?? await readConfig());
  const idle = settingsWithoutEffect(services.config);
  if (idle.length > 0) {
    services.log.warn("These settings have no effect beside the others", {
      settings: idle,
    });
  }
  setServices(services);
  // Without settings from outside nobody here knows where the server listens, as on Deno Deploy.
  if (config === undefined) {
    tellSetupLink(services, services.config.publicUrl ?? "");
  }
  return services;
}

/**
 * Tells on the error output how a server without an owner gets one: whoever can read its log may become it.
 * @param origin under which people reach the server; empty: only the path is told
 */
export function tellSetupLink(
  { firstOwner, log }: Pick<Services, "firstOwner" | "log">,
  origin: string,
): void {
  firstOwner.setupLink(origin).then(
    (link) => {
      if (link === null) return;
      // A logger may mask what looks like a secret, and this one is meant to be read.
      // deno-lint-ignore no-console -- the one line by which the server is set up
      console.error(
        `Freshet has no owner yet. Become it within 7 days: ${link}`,
      );
    },
    (error) => log.error("The setup link could not be made", { error }),
  );
}

/**
 * Takes the services down: no new work, answers may finish for `FRESHET_DRAIN_MS`, those that go on are
 * handed over to the next process, followers are asked to come back, the lane and the store are closed.
 */
export async function drain(services: Services): Promise<void> {
  const { config, health, models, owner, runs, store } = services;
  health.add("accepting", () => "the process is going down");
  services.recovery.stop();
  services.accessWatch.stop();
  const liveEnded = services.liveFeed.stop();
  runs.takeNoMore();
  const deadlineAt = performance.now() + config.drainMs;
  while (runs.executing > 0 && performance.now() < deadlineAt) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await Promise.all([
    liveEnded,
    runs.drain(FINAL_WRITES_MS),
    stopBackground(services, FINAL_WRITES_MS),
    services.threadPurge.close(),
    services.oldRuns.close(),
    services.openBlobs.close(),
    services.oldRequests.close(),
    services.deletedWorkspaces.close(),
    services.personalData.eraser.close(),
    services.personalData.oldThreads.close(),
    services.oldAuditEvents.close(),
    services.reaper.stop(),
    services.titles.close(FINAL_WRITES_MS),
    services.sessions.close(),
    services.passwordReset.close(),
    services.answers.cache.close(),
    services.consumers.stop(),
    services.settingsBell.close(),
    services.budgets.close(),
    services.mailer.stop(FINAL_WRITES_MS),
  ]);
  await services.healthRecorder.close(REQUEST_RECORDS_MS);
  await services.limits.close();
  await Promise.all(services.usage.sweepers.map((sweeper) => sweeper.close()));
  await services.usage.fold.close();
  // After the runs, whose ends are what it records.
  await services.requestLog.close(REQUEST_RECORDS_MS);
  services.loopLag.stop();
  models.close();
  await owner.release(FINAL_WRITES_MS);
  store.close();
}
