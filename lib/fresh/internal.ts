/** What the Vite plugin's generated server module uses. Not for apps. */
export {
  type BuildSnapshot,
  getBuildSnapshot,
  setBuildSnapshot,
  type SnapshotIsland,
  type SnapshotRoute,
  type SnapshotStaticFile,
} from "./snapshot.ts";
