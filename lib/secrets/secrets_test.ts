import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { loadSecret } from "./secret_file.ts";
import { Secrets } from "./secrets.ts";

const secrets = (secret: string | null = "a secret of the server") =>
  new Secrets(() => Promise.resolve(secret));

Deno.test("Sealer: opens what was sealed with the same secret for the same purpose", async () => {
  const sealed = await secrets().forPurpose("a").seal("grüße");
  assert.equal(await secrets().forPurpose("a").open(sealed), "grüße");
  assert.equal(await secrets().forPurpose("b").open(sealed), null);
  assert.equal(await secrets("another").forPurpose("a").open(sealed), null);
});

Deno.test("Sealer: the same text is sealed differently each time", async () => {
  const sealer = secrets().forPurpose("a");
  assert.notEqual(await sealer.seal("x"), await sealer.seal("x"));
});

Deno.test("Sealer: opens nothing that was changed in any place", async () => {
  const sealer = secrets().forPurpose("a");
  const sealed = await sealer.seal("x");
  for (let at = 0; at < sealed.length; at += 1) {
    const other = sealed[at] === "A" ? "B" : "A";
    const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
    // The last character of base64 may differ in bits that say nothing.
    if (at < sealed.length - 1) {
      assert.equal(await sealer.open(changed), null, `at "${at}"`);
    }
  }
  for (const text of ["", "s1", "s1..", `${sealed}.x`, "s1.x.%"]) {
    assert.equal(await sealer.open(text), null, text);
  }
});

Deno.test("Secrets: without a place for a secret, sealing says which setting is missing", async () => {
  await assert.rejects(
    secrets(null).forPurpose("a").seal("x"),
    (error) =>
      error instanceof AppError && error.code === "secret_missing" &&
      /FRESHET_SECRET/.test(error.message),
  );
});

Deno.test("Secrets: a secret that could not be read is read again", async () => {
  let tries = 0;
  const sealer = new Secrets(() => {
    tries += 1;
    return tries === 1
      ? Promise.reject(new Error("The disk is away"))
      : Promise.resolve("a secret");
  }).forPurpose("a");
  await assert.rejects(sealer.seal("x"), /away/);
  assert.equal(await sealer.open(await sealer.seal("x")), "x");
});

Deno.test("loadSecret: processes that make it at the same time have the same one, for their user alone", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/data/secret`;
    const made = await Promise.all(
      Array.from({ length: 8 }, () => loadSecret(path)),
    );
    assert.equal(new Set(made).size, 1);
    assert.equal(await loadSecret(path), made[0]);
    assert.equal(Uint8Array.fromBase64(made[0]).length, 32);
    const { mode } = await Deno.stat(path);
    assert.equal((mode ?? 0) & 0o777, 0o600);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
