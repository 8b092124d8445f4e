/**
 * Serves the built app on its own `Deno.serve`, so that PORT and HOST count and a stop is a drain: the
 * first SIGTERM or SIGINT ends in good order within 4 seconds, the second at once.
 */
import { ConfigError, wrongSetting } from "@/lib/config/config_error.ts";
import { readConfig } from "@/lib/config.ts";
import { AppError } from "@/lib/errors.ts";
import { Listener } from "@/lib/http/listener.ts";
import { drain, ensureServices, tellSetupLink } from "@/lib/lifespan.ts";

interface Server {
  fetch(
    request: Request,
    info: Deno.ServeHandlerInfo,
  ): Response | Promise<Response>;
}

/** From the first signal to the end of the process, whatever is still pending. */
const EXIT_AFTER_MS = 4_000;

async function start() {
  const config = await readConfig();
  const services = await ensureServices(config);
  // Its main.ts finds these services and uses them.
  const built: string = "./_fresh/server.js";
  const app: { default: Server } = await import(built);
  const { log, health, models } = services;
  const server = listen({
    port: config.port,
    hostname: config.host,
    handler: (request, info) => app.default.fetch(request, info),
    onListen: ({ hostname, port }) => {
      const origin = `http://${
        hostname.includes(":") ? `[${hostname}]` : hostname
      }:${port}`;
      log.info(`Freshet listens on ${origin}`, { dataDir: config.dataDir });
      tellSetupLink(services, config.publicUrl ?? origin);
    },
    onLost: (error) => {
      log.error("No connection can be accepted; trying again", { error });
      models.closeIdle();
    },
    onBack: () => log.info("Connections are accepted again"),
  });
  health.add(
    "listener",
    () => server.isLost ? "no connection can be accepted" : null,
  );
  return { server, services };
}

/** Listens; what fails for another reason than the port is for the host that it is to listen at. */
function listen(options: ConstructorParameters<typeof Listener>[0]): Listener {
  try {
    return new Listener(options);
  } catch (error) {
    const isOfPort = error instanceof Deno.errors.AddrInUse ||
      error instanceof Deno.errors.PermissionDenied;
    if (isOfPort || !(error instanceof Error)) throw error;
    throw wrongSetting("HOST", options.hostname, error.message);
  }
}

async function stop(
  { server, services }: Awaited<ReturnType<typeof start>>,
): Promise<void> {
  const { config, log } = services;
  log.info("Stopping", { drainMs: config.drainMs });
  // Before the listener closes, which would end their sockets without a word.
  await services.liveFeed.stop();
  const closed = server.shutdown();
  setTimeout(() => Deno.exit(0), EXIT_AFTER_MS + config.drainMs);
  await drain(services);
  await closed;
  log.info("Stopped");
  Deno.exit(0);
}

try {
  const running = await start();
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      if (stopping) Deno.exit(1);
      stopping = true;
      stop(running).catch((error) => {
        running.services.log.error("Stop failed", { error });
        Deno.exit(1);
      });
    });
  }
} catch (error) {
  const line = reason(error);
  if (line === null) throw error;
  // deno-lint-ignore no-console -- the one line that says why the start ended
  console.error(line);
  Deno.exit(1);
}

/** The one line for an error that a setting causes; null for any other. */
function reason(error: unknown): string | null {
  if (error instanceof ConfigError || error instanceof AppError) {
    return error.message;
  }
  const port = Deno.env.get("PORT") ?? "8000";
  if (error instanceof Deno.errors.AddrInUse) {
    return `Setting PORT="${port}" cannot be used: another program listens there; want a free port`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `Setting PORT="${port}" cannot be used: ${error.message}`;
  }
  return null;
}
