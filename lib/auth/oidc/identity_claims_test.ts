import assert from "node:assert/strict";
import { groupsOf, readIdentity } from "./identity_claims.ts";
import { mappedRole } from "./mapped_role.ts";
import { OidcRefusal } from "./refusal.ts";

const CLAIMS = { sub: "1", email: "ada@example.test", email_verified: true };

function code(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    assert.ok(error instanceof OidcRefusal);
    return error.code;
  }
}

Deno.test("groupsOf: takes a list, one text, a dotted place and a claim with dots", () => {
  assert.deepEqual(groupsOf({ groups: ["a", "b", "a"] }, "groups"), ["a", "b"]);
  assert.deepEqual(groupsOf({ groups: "a" }, "groups"), ["a"]);
  assert.deepEqual(groupsOf({ groups: ["a", 1, "", null] }, "groups"), ["a"]);
  assert.deepEqual(
    groupsOf({ realm_access: { roles: ["x"] } }, "realm_access.roles"),
    ["x"],
  );
  const name = "https://example.test/groups";
  assert.deepEqual(groupsOf({ [name]: ["x"] }, name), ["x"]);
  for (const claims of [{}, { groups: 1 }, { groups: null }, { groups: {} }]) {
    assert.equal(groupsOf(claims, "groups"), null);
  }
  assert.equal(groupsOf({}, "constructor.name"), null);
});

Deno.test("readIdentity: only a true email_verified counts", () => {
  const verified = (value: unknown) =>
    readIdentity({ ...CLAIMS, email_verified: value }, "i", "g").emailVerified;
  for (const value of [true, "true", 1, "1"]) {
    assert.equal(verified(value), true, String(value));
  }
  for (const value of [false, "false", undefined, 0, "0", null, "yes", {}]) {
    assert.equal(verified(value), false, String(value));
  }
});

Deno.test("readIdentity: a verified domain of Microsoft's counts as well", () => {
  const { email_verified: _unknown, ...claims } = CLAIMS;
  const verified = (value: unknown) =>
    readIdentity({ ...claims, xms_edov: value }, "i", "g").emailVerified;
  assert.deepEqual([true, "1", false].map(verified), [true, true, false]);
});

Deno.test("readIdentity: refuses a person without subject or address", () => {
  for (const sub of [undefined, "", 7, "x".repeat(256)]) {
    assert.equal(
      code(() => readIdentity({ ...CLAIMS, sub }, "i", "g")),
      "oidc_invalid",
    );
  }
  for (const email of [undefined, "", "ada", 7, "a@b@c", "a b@c"]) {
    assert.equal(
      code(() => readIdentity({ ...CLAIMS, email }, "i", "g")),
      "oidc_no_email",
    );
  }
});

Deno.test("readIdentity: the name is the best that was told, on one line", () => {
  const name = (claims: object) =>
    readIdentity({ ...CLAIMS, ...claims }, "i", "g").name;
  assert.equal(name({ name: " Ada\nL ", given_name: "x" }), "Ada L");
  assert.equal(name({ given_name: "Ada", family_name: "L" }), "Ada L");
  assert.equal(name({ preferred_username: "al" }), "al");
  assert.equal(name({ name: "x".repeat(300) }), "ada");
});

Deno.test("mappedRole: the highest role of a person's groups counts", () => {
  const roles = [
    { group: "staff", role: "member" as const },
    { group: "root", role: "owner" as const },
    { group: "ops", role: "admin" as const },
  ];
  assert.equal(mappedRole(["staff", "ops"], { roles }), "admin");
  assert.equal(mappedRole(["ops", "root", "staff"], { roles }), "owner");
  assert.equal(mappedRole(["Staff"], { roles }), null);
  assert.equal(mappedRole([], { roles }), null);
  assert.equal(mappedRole(null, { roles }), null);
});
