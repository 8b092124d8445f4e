import assert from "node:assert/strict";
import {
  endedSessionCookie,
  readSessionToken,
  sessionCookie,
} from "./session_cookie.ts";

const withCookie = (cookie: string) => new Headers({ cookie });

Deno.test("sessionCookie: no script and no other site gets it, and over https no plain connection", () => {
  const endsAt = Date.UTC(2026, 0, 1);
  assert.equal(
    sessionCookie("t", { isSecure: true, endsAt }),
    "__Host-freshet=t; Path=/; Expires=Thu, 01 Jan 2026 00:00:00 GMT; HttpOnly; SameSite=Lax; Secure",
  );
  assert.equal(
    sessionCookie("t", { isSecure: false, endsAt }),
    "freshet_session=t; Path=/; Expires=Thu, 01 Jan 2026 00:00:00 GMT; HttpOnly; SameSite=Lax",
  );
  assert.match(
    endedSessionCookie(true),
    /^__Host-freshet=; .*Max-Age=0.*Secure$/,
  );
});

Deno.test("readSessionToken: takes the cookie of its own kind of connection", () => {
  const both = withCookie("a=1; freshet_session=plain; __Host-freshet=secure");
  assert.equal(readSessionToken(both, true), "secure");
  assert.equal(readSessionToken(both, false), "plain");
  assert.equal(readSessionToken(new Headers(), true), null);
});

Deno.test("readSessionToken: believes none of two cookies with the name, and no empty one", () => {
  const two = withCookie("freshet_session=a; freshet_session=b");
  assert.equal(readSessionToken(two, false), null);
  assert.equal(readSessionToken(withCookie("freshet_session="), false), null);
});
