/** A server on which people sign in, with its first owner, and ways to be them. */
import assert from "node:assert/strict";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { type AppOptions, startApp, type TestApp } from "../support/app.ts";

export const OWNER = {
  email: "owner@first.example",
  password: "correct horse battery",
};

/** Starts it; `await using` ends it. */
export function startPeopleApp(options: AppOptions = {}): Promise<TestApp> {
  return startApp({
    ...options,
    env: {
      FRESHET_AUTH: "password",
      FRESHET_ADMIN_EMAIL: OWNER.email,
      FRESHET_ADMIN_PASSWORD: OWNER.password,
      ...options.env,
    },
  });
}

/** Signs the owner in over HTTP and gives the cookies that the server set. */
export async function signInOver(
  app: TestApp,
  headers: Record<string, string> = {},
  credentials = OWNER,
): Promise<{ status: number; setCookie: string[] }> {
  const response = await app.post("/api/session", credentials, headers);
  await response.body?.cancel();
  return {
    status: response.status,
    setCookie: response.headers.getSetCookie(),
  };
}

/** A session of the owner's, as its token. */
export async function ownerToken(app: TestApp): Promise<string> {
  const { services } = app;
  const owner = await services.users.findByEmail(OWNER.email);
  const { token } = await services.sessions.create({
    user: owner!.id,
    workspace: FIRST_WORKSPACE,
    address: "127.0.0.1",
    userAgent: null,
    method: "password",
  });
  return token;
}

/** Name and value of the one cookie that an answer set. */
export function cookieOf(setCookie: string[]): string {
  assert.equal(setCookie.length, 1, setCookie.join("\n"));
  return setCookie[0].split(";", 1)[0];
}
