/** Everything the browser needs of the client runtime's test, in one bundle. */
export { boot } from "../../../lib/fresh/runtime_client.ts";
export * from "./islands.tsx";
