/** Helpers of this package's tests: requests without a server, and builds made by hand. */
import type { ComponentType } from "preact";
import type { App } from "./app.ts";
import {
  type BuildSnapshot,
  setBuildSnapshot,
  type SnapshotStaticFile,
} from "./snapshot.ts";

type RouteModules = Record<string, Record<string, unknown>>;

export interface TestBuild {
  /** Modules by file below `routes/`. */
  routes?: RouteModules;
  /** Islands by name. */
  islands?: Record<string, ComponentType<never>>;
  /** Files by URL path. */
  files?: Record<string, SnapshotStaticFile>;
  buildId?: string;
  mode?: BuildSnapshot["mode"];
  clientCss?: string[];
}

/** Makes a build known to this process, as the generated server module does. */
export function installBuild(build: TestBuild): void {
  const { routes = {}, islands = {}, files = {} } = build;
  setBuildSnapshot({
    mode: build.mode ?? "production",
    buildId: build.buildId ?? "build1",
    root: "/project",
    clientEntry: "/assets/client.js",
    clientCss: build.clientCss ?? [],
    islands: Object.entries(islands).map(([name, component]) => ({
      name,
      exportName: "default",
      component,
      url: `/assets/${name}.js`,
      css: [`/assets/${name}.css`],
    })),
    routes: Object.entries(routes).map(([file, module]) => ({
      file,
      load: () => module,
      eager: "config" in module &&
        "routeOverride" in (module.config as Record<string, unknown>),
    })),
    staticFile: (pathname) => files[pathname] ?? null,
  });
}

/** Sends requests to an app without a socket. */
export function client<State>(
  app: App<State>,
): (path: string, init?: RequestInit) => Promise<Response> {
  const handler = app.handler();
  return (path, init) => {
    const url = path.startsWith("http") ? path : `http://localhost${path}`;
    return handler(new Request(url, init));
  };
}

/** Runs `work` with console.error silent and gives back what was logged. */
export async function withSilentErrors(
  work: () => Promise<void>,
): Promise<unknown[]> {
  const original = console.error;
  const logged: unknown[] = [];
  console.error = (value: unknown) => logged.push(value);
  try {
    await work();
  } finally {
    console.error = original;
  }
  return logged;
}
