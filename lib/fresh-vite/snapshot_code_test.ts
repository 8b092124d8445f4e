import assert from "node:assert/strict";
import { generateSnapshot, type SnapshotSource } from "./snapshot_code.ts";

const dataUrl = (code: string) =>
  `data:text/javascript,${encodeURIComponent(code)}`;

// The generated module tells its snapshot to whoever imports this one.
const INTERNAL = dataUrl(
  "export const taken = []; export const setBuildSnapshot = (s) => taken.push(s);",
);

async function evaluate(source: Partial<SnapshotSource>) {
  const code = generateSnapshot({
    mode: "production",
    buildId: "id",
    internalSpecifier: INTERNAL,
    rootExpression: '"/root"',
    clientEntry: "/client.js",
    clientCss: ["/client.css"],
    islands: [],
    routes: [],
    routeImport: "static",
    prelude: [],
    staticFileExpression: "(path) => path",
    ...source,
  });
  await import(dataUrl(code));
  const { taken } = await import(INTERNAL);
  return taken.at(-1);
}

Deno.test("generateSnapshot: every exported function of a module is an island of its own name", async () => {
  const first = dataUrl(
    "export default function any() {} export function Named() {} export const number = 1;",
  );
  const second = dataUrl("export default () => {}; export class Named {}");
  const { islands } = await evaluate({
    islands: [
      { specifier: first, name: "Chat", url: "/a.js", css: ["/a.css"] },
      { specifier: second, name: "Chat", url: "/b.js", css: [] },
    ],
  });
  const rows = islands.map((
    island: { name: string; exportName: string; url: string },
  ) => `${island.name} ${island.exportName} ${island.url}`);
  assert.deepEqual(rows.toSorted(), [
    "Chat default /a.js",
    "Chat_1 default /b.js",
    "Named Named /a.js",
    "Named_1 Named /b.js",
  ]);
  assert.equal(typeof islands[0].component, "function");
});

Deno.test("generateSnapshot: routes load their module, at once or when asked", async () => {
  const specifier = dataUrl("export const handler = 'h';");
  const routes = [{ file: 'a"b/[id].ts', specifier, eager: true }];
  for (const routeImport of ["static", "dynamic"] as const) {
    const snapshot = await evaluate({ routes, routeImport });
    const [route] = snapshot.routes;
    assert.equal(route.file, 'a"b/[id].ts');
    assert.equal(route.eager, true);
    assert.equal((await route.load()).handler, "h");
  }
});

Deno.test("generateSnapshot: passes on what the build knows", async () => {
  const snapshot = await evaluate({
    prelude: ["const own = 1;"],
    staticFileExpression: "(path) => path + own",
  });
  assert.equal(snapshot.buildId, "id");
  assert.equal(snapshot.root, "/root");
  assert.equal(snapshot.clientEntry, "/client.js");
  assert.deepEqual(snapshot.clientCss, ["/client.css"]);
  assert.equal(snapshot.staticFile("/x"), "/x1");
});
