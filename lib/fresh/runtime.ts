/**
 * `fresh/runtime`: what pages and islands may use on the server and in the browser alike.
 *
 * Source: https://fresh.deno.dev/docs/advanced/head
 */
export { asset, assetSrcSet } from "./asset.ts";
export { Head, type HeadProps } from "./head.ts";
export { HttpError } from "./http_error.ts";
export { Partial, type PartialProps } from "./partial.ts";

/** True in the browser. */
export const IS_BROWSER: boolean = typeof document !== "undefined";
