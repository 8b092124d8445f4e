import assert from "node:assert/strict";
import fc from "fast-check";
import { compareRoutes } from "./route_order.ts";

const sorted = (files: string[]) => files.toSorted(compareRoutes);

Deno.test("compareRoutes: what wraps a folder comes first, in Fresh's order", () => {
  const expected = [
    "_app.tsx",
    "_middleware.ts",
    "_layout.tsx",
    "_error.tsx",
    "index.tsx",
    "about.tsx",
    "[id].tsx",
    "[...rest].tsx",
  ];
  assert.deepEqual(sorted(expected.toReversed()), expected);
});

Deno.test("compareRoutes: static, mixed, parameter, optional and rest segments in turn", () => {
  const expected = [
    "a/fixed.ts",
    "a/x-[id].ts",
    "a/[id].ts",
    "a/[[opt]].ts",
    "a/[...rest].ts",
  ];
  assert.deepEqual(sorted(expected.toReversed()), expected);
});

Deno.test("compareRoutes: a folder's name ranks like a file's", () => {
  const expected = [
    "_middleware.ts",
    "api/_middleware.ts",
    "api/[id].ts",
    "[thread]/index.ts",
    "[...rest].ts",
  ];
  assert.deepEqual(sorted(expected.toReversed()), expected);
});

Deno.test("compareRoutes: a group does not bring its rest route before other pages", () => {
  assert.deepEqual(
    sorted(["(all)/[...rest].ts", "[id].ts", "(all)/_layout.ts"]),
    [
      "(all)/_layout.ts",
      "[id].ts",
      "(all)/[...rest].ts",
    ],
  );
});

Deno.test("compareRoutes: the result does not depend on the order it starts from", () => {
  const part = fc.constantFrom("a", "b-[x]", "[id]", "[[o]]", "[...r]", "(g)");
  const name = fc.constantFrom("_layout", "_middleware", "index", "a", "[id]");
  const file = fc.tuple(fc.array(part, { maxLength: 3 }), name)
    .map(([folders, last]) => [...folders, `${last}.ts`].join("/"));
  fc.assert(fc.property(
    fc.uniqueArray(file, { maxLength: 12 }),
    fc.infiniteStream(fc.nat()),
    (files, randoms) => {
      const keyed = files.map((file) => ({ file, key: randoms.next().value }));
      const shuffled = keyed.toSorted((a, b) => a.key - b.key)
        .map(({ file }) => file);
      assert.deepEqual(sorted(shuffled), sorted(files));
    },
  ));
});
