/** The document about security names its proofs; none may be gone. */
import assert from "node:assert/strict";

Deno.test("docs/security.md: every proof it names is there", async () => {
  const text = await Deno.readTextFile("docs/security.md");
  const proofs = new Set(
    [...text.matchAll(/`((?:tests|lib|components)\/[\w./]+\.tsx?)`/g)]
      .map(([, path]) => path),
  );
  assert.ok(proofs.size > 25, `only ${proofs.size} are named`);
  const missing: string[] = [];
  for (const path of proofs) {
    await Deno.stat(path).catch(() => missing.push(path));
  }
  assert.deepEqual(missing, []);
});
