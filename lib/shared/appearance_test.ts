import assert from "node:assert/strict";
import {
  APPEARANCE_COOKIES,
  appearanceCookie,
  DEFAULT_APPEARANCE,
  parseAppearance,
} from "./appearance.ts";

Deno.test("parseAppearance: reads what appearanceCookie wrote", () => {
  const pair = (name: string, value: string) =>
    appearanceCookie(name, value, false).split(";")[0];
  const header = [
    "other=1",
    pair(APPEARANCE_COOKIES.theme, "dark"),
    pair(APPEARANCE_COOKIES.face, "plain"),
    pair(APPEARANCE_COOKIES.size, "large"),
  ].join("; ");
  assert.deepEqual(parseAppearance(header), {
    theme: "dark",
    face: "plain",
    size: "large",
  });
});

Deno.test("parseAppearance: takes nothing but known words", () => {
  assert.deepEqual(parseAppearance(null), DEFAULT_APPEARANCE);
  assert.deepEqual(
    parseAppearance('freshet_theme="><script>; freshet_size'),
    DEFAULT_APPEARANCE,
  );
});

Deno.test("appearanceCookie: is for the whole site, and secure where the page is", () => {
  assert.match(
    appearanceCookie("a", "b", true),
    /^a=b; Path=\/; Max-Age=\d+; SameSite=Lax; Secure$/,
  );
  assert.doesNotMatch(appearanceCookie("a", "b", false), /Secure/);
});
