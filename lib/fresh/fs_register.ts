/** Registers the file routes of the build for `app.fsRoutes()`. */
import {
  type AnyRoute,
  type AppBuilder,
  errorChain,
  joinPaths,
  lazyRouteChain,
  wrapperOf,
} from "./app_builder.ts";
import { type RouteFile, sortRouteFiles } from "./fs_routes.ts";
import type { RouteConfig } from "./handlers.ts";
import type { AnyMiddleware } from "./middleware.ts";
import { ALL_METHODS } from "./methods.ts";
import { getBuildSnapshot } from "./snapshot.ts";

type RouteModule = Record<string, unknown>;

/** Registers every route file of the current build below `prefix`; nothing without a build. */
export async function registerFileRoutes(
  builder: AppBuilder,
  prefix: string,
): Promise<void> {
  const files = sortRouteFiles(getBuildSnapshot()?.routes ?? []);
  for (const file of files) {
    if (file.kind === "page") await registerPage(builder, prefix, file);
    else await registerSpecial(builder, prefix, file);
  }
}

async function registerPage(
  builder: AppBuilder,
  prefix: string,
  file: RouteFile,
): Promise<void> {
  const { source } = file;
  let pattern = file.pattern;
  if (source.eager) {
    const config = (await source.load()).config as RouteConfig | undefined;
    pattern = config?.routeOverride ?? pattern;
  }
  builder.addChain(
    ALL_METHODS,
    joinPaths(prefix, pattern),
    joinPaths(prefix, file.segment),
    lazyRouteChain(async () => routeOf(await source.load())),
  );
}

async function registerSpecial(
  builder: AppBuilder,
  prefix: string,
  file: RouteFile,
): Promise<void> {
  const module = await file.source.load();
  const segment = builder.root.descend(joinPaths(prefix, file.segment));
  const { component, config } = routeOf(module);
  switch (file.kind) {
    case "app":
      // One app wrapper holds for everything, whichever folder it lies in.
      builder.root.app = wrapperOf(requireComponent(component, file));
      break;
    case "layout":
      segment.layout = wrapperOf(requireComponent(component, file), config);
      break;
    case "middleware":
      segment.middlewares.push(...middlewaresOf(module, file));
      break;
    case "error":
      segment.onError = errorChain(routeOf(module));
      break;
    case "notFound":
      builder.shared.notFound = errorChain(routeOf(module));
      break;
  }
}

function routeOf(module: RouteModule): AnyRoute {
  return {
    component: module.default as AnyRoute["component"],
    handler: (module.handler ?? module.handlers) as AnyRoute["handler"],
    config: module.config as RouteConfig | undefined,
  };
}

function requireComponent(
  component: AnyRoute["component"],
  file: RouteFile,
): Parameters<typeof wrapperOf>[0] {
  if (typeof component !== "function") {
    throw new Error(
      `Expected a component as default export of "routes/${file.source.file}"`,
    );
  }
  return component as Parameters<typeof wrapperOf>[0];
}

function middlewaresOf(module: RouteModule, file: RouteFile): AnyMiddleware[] {
  const exported = module.default ?? module.handler ?? module.handlers;
  const list = Array.isArray(exported) ? exported : [exported];
  if (!list.every((each) => typeof each === "function")) {
    throw new Error(
      `Expected a function or a list of functions as export of "routes/${file.source.file}"`,
    );
  }
  return list;
}
