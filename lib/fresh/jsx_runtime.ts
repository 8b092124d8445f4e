/**
 * Preact's JSX runtime with one repair for precompiled JSX on the server; mapped over
 * `preact/jsx-runtime` in the project's deno.json.
 *
 * `jsxEscape` of preact 10.29.8 escapes the strings of an array in place. preact-render-to-string
 * escapes them once more, so `<p>{["a & b"]}</p>` shows `a &amp; b`, and an array that is rendered
 * again, or is data of someone else, is changed for good. Real Fresh does not precompile JSX on its
 * Vite path and so never meets this.
 */
import {
  Fragment,
  jsx,
  jsxAttr,
  jsxDEV,
  jsxEscape as escapeInPlace,
  jsxs,
  jsxTemplate,
} from "preact/jsx-runtime";

export type { JSX } from "preact/jsx-runtime";
export { Fragment, jsx, jsxAttr, jsxDEV, jsxs, jsxTemplate };

/** Escapes a child for a template; the renderer itself escapes what is in an array. */
export function jsxEscape(
  value: Parameters<typeof escapeInPlace>[0],
): ReturnType<typeof escapeInPlace> {
  return Array.isArray(value)
    ? value as ReturnType<typeof escapeInPlace>
    : escapeInPlace(value);
}
