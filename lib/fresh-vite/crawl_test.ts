import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { crawlProject } from "./crawl.ts";

async function withFiles(
  files: Record<string, string>,
  body: (root: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    for (const [file, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(root, file)), { recursive: true });
      await Deno.writeTextFile(join(root, file), text);
    }
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const crawl = (root: string, ignore: RegExp[] = []) =>
  crawlProject({
    routeDir: join(root, "routes"),
    islandsDir: join(root, "islands"),
    ignore,
  });

Deno.test("crawlProject: finds routes in order and islands in both places", () =>
  withFiles({
    "routes/index.tsx": "",
    "routes/_app.tsx": "",
    "routes/api/[id].ts": "",
    "routes/(shop)/cart.jsx": "",
    "routes/(shop)/(_islands)/Basket.tsx": "",
    "routes/deep/(_islands)/inner/Part.tsx": "",
    "islands/Chat.tsx": "",
    "islands/forms/Field.js": "",
  }, async (root) => {
    const found = await crawl(root);
    assert.deepEqual(found.routes.map(({ file }) => file), [
      "_app.tsx",
      "index.tsx",
      "api/[id].ts",
      "(shop)/cart.jsx",
    ]);
    assert.deepEqual(
      found.islands.map((path) => relative(root, path)),
      [
        "islands/Chat.tsx",
        "islands/forms/Field.js",
        "routes/(shop)/(_islands)/Basket.tsx",
        "routes/deep/(_islands)/inner/Part.tsx",
      ],
    );
  }));

Deno.test("crawlProject: leaves out tests, private folders, other files and what is ignored", () =>
  withFiles({
    "routes/index.tsx": "",
    "routes/index_test.tsx": "",
    "routes/index.test.ts": "",
    "routes/types.d.ts": "",
    "routes/style.css": "",
    "routes/(_helpers)/shared.ts": "",
    "routes/skipped/page.tsx": "",
    "islands/Chat_test.tsx": "",
    "islands/skipped/Old.tsx": "",
  }, async (root) => {
    const found = await crawl(root, [/[\\/]skipped[\\/]/]);
    assert.deepEqual(found.routes.map(({ file }) => file), ["index.tsx"]);
    assert.deepEqual(found.islands, []);
  }));

Deno.test("crawlProject: marks files that mention routeOverride", () =>
  withFiles({
    "routes/plain.tsx": "export default () => null;",
    "routes/other.tsx": 'export const config = { routeOverride: "/x" };',
  }, async (root) => {
    const { routes } = await crawl(root);
    assert.deepEqual(
      routes.map(({ file, eager }) => [file, eager]),
      [["other.tsx", true], ["plain.tsx", false]],
    );
  }));

Deno.test("crawlProject: a project without these folders is empty", () =>
  withFiles({ "main.ts": "" }, async (root) => {
    assert.deepEqual(await crawl(root), { routes: [], islands: [] });
  }));
