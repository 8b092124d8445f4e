import assert from "node:assert/strict";
import { inlinePublicEnv } from "./public_env.ts";

const env = (name: string) =>
  name === "FRESH_PUBLIC_A" ? 'say "hi"' : undefined;

Deno.test("inlinePublicEnv: replaces reads by the value, as a string", () => {
  assert.equal(
    inlinePublicEnv(
      "x(Deno.env.get('FRESH_PUBLIC_A'), process.env.FRESH_PUBLIC_A)",
      env,
    ),
    'x("say \\"hi\\"", "say \\"hi\\"")',
  );
});

Deno.test("inlinePublicEnv: an unset variable is undefined", () => {
  assert.equal(
    inlinePublicEnv('Deno.env.get("FRESH_PUBLIC_B")', env),
    "undefined",
  );
});

Deno.test("inlinePublicEnv: never inlines other variables", () => {
  assert.equal(inlinePublicEnv('Deno.env.get("SECRET")', env), null);
  assert.equal(
    inlinePublicEnv('Deno.env.get("X_FRESH_PUBLIC_A")', env),
    null,
  );
});
