import type {
  Connect,
  EnvironmentModuleNode,
  Plugin,
  ViteDevServer,
} from "vite";
import { generateDevServerEntry, generateDevSnapshot } from "./dev_snapshot.ts";
import { withDevClient } from "./dev_html.ts";
import { sendResponse, toRequest, toServeInfo } from "./node_request.ts";
import { isSourceFile } from "./crawl.ts";
import type { FreshProject } from "./project.ts";
import { SERVER_ENTRY_ID, SNAPSHOT_ID } from "./virtual_ids.ts";

type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo,
) => Promise<Response>;

/** Development: renders pages through Vite's module graph and keeps browsers up to date. */
export function devPlugin(project: FreshProject): Plugin {
  let server: ViteDevServer | undefined;
  return {
    name: "fresh:dev",
    apply: "serve",
    async load(id) {
      if (server === undefined) return null;
      if (id === `\0${SNAPSHOT_ID}`) {
        return await generateDevSnapshot(project, server);
      }
      if (id === `\0${SERVER_ENTRY_ID}`) {
        return generateDevServerEntry(project.options.serverEntry);
      }
      return null;
    },
    configureServer(created) {
      server = created;
      const onFileSetChange = (file: string) => {
        if (!belongsToFileSet(project, file)) return;
        invalidate(created, `\0${SNAPSHOT_ID}`);
        created.environments.client.hot.send({ type: "full-reload" });
      };
      created.watcher.on("add", onFileSetChange);
      created.watcher.on("unlink", onFileSetChange);
      // Returned, so that it runs after Vite's own: modules and style sheets are Vite's to serve.
      return () => created.middlewares.use(appMiddleware(created, project));
    },
    hotUpdate({ file, modules, server, timestamp }) {
      if (this.environment.name !== "ssr" || modules.length === 0) return;
      // Before the browser hears of it, so that its reload cannot meet the old modules.
      const seen = new Set<EnvironmentModuleNode>();
      for (const module of modules) {
        this.environment.moduleGraph
          .invalidateModule(module, seen, timestamp, true);
      }
      const inBrowser = server.environments.client.moduleGraph
        .getModulesByFile(file);
      // What a browser holds too is replaced there; everything else shows after a reload.
      if (inBrowser === undefined || inBrowser.size === 0) {
        server.environments.client.hot.send({ type: "full-reload" });
      }
    },
  };
}

/** Whether adding or removing `file` changes the list of routes or islands. */
function belongsToFileSet(project: FreshProject, file: string): boolean {
  const { routeDir, islandsDir } = project.options;
  return isSourceFile(file) &&
    [routeDir, islandsDir].some((folder) => file.startsWith(`${folder}/`));
}

function invalidate(server: ViteDevServer, id: string): void {
  const { moduleGraph } = server.environments.ssr;
  const node = moduleGraph.getModuleById(id);
  if (node) moduleGraph.invalidateModule(node);
}

/** Loads the app as its sources are now. */
async function loadHandler(
  server: ViteDevServer,
  project: FreshProject,
): Promise<Handler> {
  const { moduleGraph } = server.environments.ssr;
  const snapshot = moduleGraph.getModuleById(`\0${SNAPSHOT_ID}`);
  if (snapshot && snapshot.transformResult === null) {
    // fsRoutes() ran when main.ts was loaded; a new list of routes needs it loaded again.
    for (
      const node of moduleGraph.getModulesByFile(project.options.serverEntry) ??
        []
    ) moduleGraph.invalidateModule(node);
    invalidate(server, `\0${SERVER_ENTRY_ID}`);
  }
  const entry = await server.ssrLoadModule(SERVER_ENTRY_ID);
  return entry.handler;
}

function appMiddleware(
  server: ViteDevServer,
  project: FreshProject,
): Connect.NextHandleFunction {
  const protocol = server.config.server.https ? "https" : "http";
  return async (incoming, outgoing, next) => {
    const hangUp = new AbortController();
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) hangUp.abort();
    });
    try {
      const handler = await loadHandler(server, project);
      const request = toRequest(incoming, protocol, hangUp.signal);
      const response = await handler(request, toServeInfo(incoming, outgoing));
      await sendResponse(outgoing, withDevClient(response), hangUp.signal);
    } catch (error) {
      if (hangUp.signal.aborted) return;
      if (outgoing.headersSent) {
        server.config.logger.error(`${error}`);
        outgoing.destroy();
        return;
      }
      if (error instanceof Error) server.ssrFixStacktrace(error);
      next(error);
    }
  };
}
