/** Browser module of every page with islands: `boot` and the app's client.ts. */
export const CLIENT_ENTRY_ID = "virtual:fresh/client-entry";
/** Development only: the module that hands routes and islands to the app. */
export const SNAPSHOT_ID = "virtual:fresh/snapshot";
/** Development only: the snapshot, then the app's main.ts. */
export const SERVER_ENTRY_ID = "virtual:fresh/server-entry";
