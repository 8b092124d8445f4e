/**
 * Preact's JSX runtime with one repair for precompiled JSX on the server; mapped over
 * `preact/jsx-runtime` in the project's deno.json.
 *
 * `jsxEscape` of preact 10.29.8 escapes the strings of an array in place. preact-render-to-string
 * escapes them once more, so `<p>{["a & b"]}</p>` shows `a &amp; b`, and an array that is rendered
 * again, or is data of someone else, is changed for good. Real Fresh does not precompile JSX on its
 * Vite path and so never meets this.
 */
// The package by its full name, since the bare one is mapped to this file, also without `links`.
// deno-lint-ignore no-import-prefix -- see above
import { jsxEscape as inPlace } from "npm:preact@10.29.8/jsx-runtime";
export { Fragment, jsx, jsxs } from "npm:preact@10.29.8/jsx-runtime";
export { jsxDEV, jsxTemplate } from "npm:preact@10.29.8/jsx-runtime";
export { type JSX, jsxAttr } from "npm:preact@10.29.8/jsx-runtime";

/** Escapes a child for a template; the renderer itself escapes what is in an array. */
export function jsxEscape(
  value: Parameters<typeof inPlace>[0],
): ReturnType<typeof inPlace> {
  return Array.isArray(value)
    ? value as ReturnType<typeof inPlace>
    : inPlace(value);
}
