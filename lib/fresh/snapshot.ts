/**
 * What a build hands to the App: routes, islands and static files. `lib/fresh-vite` generates a module
 * that calls `setBuildSnapshot()` before it imports the app's `main.ts`; App, `staticFiles()` and
 * `asset()` read it when they are called, never when a module loads.
 */
import type { ComponentType } from "preact";

/** A file below `routes/`, not yet loaded. */
export interface SnapshotRoute {
  /** Path below the routes folder with forward slashes, for example `c/[thread].tsx`. */
  file: string;
  /** Loads the module. The production snapshot returns an already imported module. */
  load: () => Promise<Record<string, unknown>> | Record<string, unknown>;
  /** Whether the source mentions `routeOverride`; such a file is loaded eagerly. */
  eager: boolean;
}

/** One exported component of an island file. */
export interface SnapshotIsland {
  /** Unique name used in markup, for example `Chat`. */
  name: string;
  /** Name of the export within its module. */
  exportName: string;
  component: ComponentType<never>;
  /** URL path of the browser module, without base path. */
  url: string;
  /** URL paths of style sheets the island needs. */
  css: string[];
}

export interface SnapshotStaticFile {
  /** URL path, for example `/favicon.ico`. */
  pathname: string;
  /** Absolute path on disk, or null when `content` holds the bytes. */
  filePath: string | null;
  content?: Uint8Array<ArrayBuffer>;
  contentType: string;
  /** Hex SHA-256 of the content. */
  hash: string;
  /** True when the file name itself holds a content hash, so it can be cached for ever. */
  immutable: boolean;
}

export interface BuildSnapshot {
  mode: "production" | "development";
  buildId: string;
  /** Absolute path of the project. */
  root: string;
  /** URL path of the client entry: exports `boot` and carries the app's `client.ts`. */
  clientEntry: string;
  /** URL paths of the style sheets of the client entry. */
  clientCss: string[];
  islands: SnapshotIsland[];
  routes: SnapshotRoute[];
  /** Null means: look the path up on disk at each request (development). */
  staticFile: (
    pathname: string,
  ) => SnapshotStaticFile | null | Promise<SnapshotStaticFile | null>;
}

let current: BuildSnapshot | null = null;

/** Makes a build known to this process; the newest call wins (Vite calls it again after a change). */
export function setBuildSnapshot(snapshot: BuildSnapshot): void {
  current = snapshot;
}

/** The build of this process, or null when the app runs without one (plain unit tests). */
export function getBuildSnapshot(): BuildSnapshot | null {
  return current;
}
