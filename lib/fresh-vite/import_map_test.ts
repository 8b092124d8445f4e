import assert from "node:assert/strict";
import { join } from "node:path";
import { DenoResolver, splitSpecifier, stripComments } from "./import_map.ts";

async function withProject(
  body: (resolver: DenoResolver, folder: string) => void,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "lib/core"), { recursive: true });
    await Deno.mkdir(join(folder, "app/inner"), { recursive: true });
    await Deno.writeTextFile(
      join(folder, "deno.jsonc"),
      `{
        // The project.
        "links": ["./lib/core"],
        "imports": {
          "@/": "./",
          "fresh": "jsr:@fresh/core@^2.3.3",
          "preact": "npm:preact@10",
          "react": "npm:preact@10/compat",
          "unlinked": "jsr:@some/where@1",
        },
      }`,
    );
    await Deno.writeTextFile(
      join(folder, "lib/core/deno.json"),
      JSON.stringify({
        name: "@fresh/core",
        exports: { ".": "./mod.ts", "./runtime": "./runtime.ts" },
        imports: { preact: "npm:preact@11", "own/": "./own/" },
      }),
    );
    body(await DenoResolver.load(join(folder, "app/inner")), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("DenoResolver.resolve: maps prefixes to files of the project", () =>
  withProject((resolver, folder) => {
    assert.deepEqual(resolver.resolve("@/lib/a.ts"), {
      type: "file",
      path: join(folder, "lib/a.ts"),
    });
  }));

Deno.test("DenoResolver.resolve: leads a jsr: package to the exports of its link", () =>
  withProject((resolver, folder) => {
    for (const specifier of ["fresh/runtime", "jsr:@fresh/core@2/runtime"]) {
      assert.deepEqual(resolver.resolve(specifier), {
        type: "file",
        path: join(folder, "lib/core/runtime.ts"),
      });
    }
    assert.equal(resolver.specifierOf("@fresh/core"), "fresh");
  }));

Deno.test("DenoResolver.resolve: names the npm package and its path", () =>
  withProject((resolver) => {
    assert.deepEqual(resolver.resolve("preact/hooks"), {
      type: "npm",
      specifier: "preact/hooks",
    });
    assert.deepEqual(resolver.resolve("react"), {
      type: "npm",
      specifier: "preact/compat",
    });
    assert.deepEqual(resolver.resolve("npm:@a/b@1.2/c"), {
      type: "npm",
      specifier: "@a/b/c",
    });
  }));

Deno.test("DenoResolver.resolve: a linked package has its own import map", () =>
  withProject((resolver, folder) => {
    const importer = join(folder, "lib/core/mod.ts");
    assert.deepEqual(resolver.resolve("own/x.ts", importer), {
      type: "file",
      path: join(folder, "lib/core/own/x.ts"),
    });
    assert.equal(resolver.resolve("own/x.ts"), null);
  }));

Deno.test("DenoResolver.resolve: leaves unknown and relative names alone", () =>
  withProject((resolver) => {
    assert.equal(resolver.resolve("other"), null);
    assert.equal(resolver.resolve("./x.ts"), null);
    assert.equal(resolver.resolve("preactive"), null);
  }));

Deno.test("DenoResolver.resolve: says which link or export is missing", () =>
  withProject((resolver) => {
    assert.throws(() => resolver.resolve("unlinked"), /"@some\/where"/);
    assert.throws(() => resolver.resolve("fresh/none"), /no export ".\/none"/);
  }));

Deno.test("splitSpecifier: takes scope, version and path apart", () => {
  assert.deepEqual(splitSpecifier("jsr:/@a/b@^1.0/c/d"), {
    scheme: "jsr",
    name: "@a/b",
    subpath: "/c/d",
  });
  assert.deepEqual(splitSpecifier("npm:zod"), {
    scheme: "npm",
    name: "zod",
    subpath: "",
  });
  assert.equal(splitSpecifier("./npm:x"), null);
});

Deno.test("stripComments: leaves strings as they are", () => {
  const text = '{"a": "// no, /* no */ ,]", /* yes */ "b": [1,], // yes\n}';
  assert.deepEqual(JSON.parse(stripComments(text)), {
    a: "// no, /* no */ ,]",
    b: [1],
  });
});
