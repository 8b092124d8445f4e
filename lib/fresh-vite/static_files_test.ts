import assert from "node:assert/strict";
import { join } from "node:path";
import { contentTypeOf } from "./content_type.ts";
import { findStaticFile } from "./static_files.ts";

async function withFolders(
  body: (first: string, second: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(root, "first/sub"), { recursive: true });
    await Deno.mkdir(join(root, "second"));
    await Deno.writeTextFile(join(root, "first/a.txt"), "first");
    await Deno.writeTextFile(join(root, "first/sub/ä b.css"), "b");
    await Deno.writeTextFile(join(root, "second/a.txt"), "second");
    await Deno.writeTextFile(join(root, "second/c.txt"), "");
    await Deno.writeTextFile(join(root, "secret.txt"), "secret");
    await body(join(root, "first"), join(root, "second"));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("findStaticFile: gives path, type and SHA-256, the first folder first", () =>
  withFolders(async (first, second) => {
    assert.deepEqual(await findStaticFile([first, second], "/a.txt"), {
      pathname: "/a.txt",
      filePath: join(first, "a.txt"),
      contentType: "text/plain; charset=UTF-8",
      hash: "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e",
      immutable: false,
    });
    const other = await findStaticFile([first, second], "/c.txt");
    assert.equal(other?.filePath, join(second, "c.txt"));
  }));

Deno.test("findStaticFile: takes a decoded path", () =>
  withFolders(async (first) => {
    const found = await findStaticFile([first], "/sub/ä b.css");
    assert.equal(found?.filePath, join(first, "sub/ä b.css"));
  }));

Deno.test("findStaticFile: finds neither folders nor anything outside of them", () =>
  withFolders(async (first) => {
    for (
      const path of [
        "/",
        "/sub",
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/..\\secret.txt",
        "/a.txt\0",
        "//a.txt",
      ]
    ) assert.equal(await findStaticFile([first], path), null);
  }));

Deno.test("contentTypeOf: goes by the ending, whatever its case", () => {
  assert.equal(contentTypeOf("a.b.PNG"), "image/png");
  assert.equal(contentTypeOf("a"), "application/octet-stream");
  assert.equal(contentTypeOf("x.unknown"), "application/octet-stream");
});
