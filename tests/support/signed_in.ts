/** People who are signed in to an app that is tested. */
import type { TestApp } from "./app.ts";

export const OWNER = {
  email: "owner@example.org",
  password: "the owner's password",
};

/** Settings of a server that people sign in to, whose first owner is there. */
export const PASSWORD_MODE = {
  FRESHET_AUTH: "password",
  FRESHET_ADMIN_EMAIL: OWNER.email,
  FRESHET_ADMIN_PASSWORD: OWNER.password,
};

/** A browser with a session. */
export interface SignedIn {
  cookie: string;
  fetch: TestApp["fetch"];
  /** Sends JSON. */
  send(
    method: string,
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>;
}

/** Name and value of the cookie that a response sets. */
export function cookieOf(response: Response): string {
  return (response.headers.get("set-cookie") ?? "").split(";")[0];
}

/** Signs somebody in, and gives their browser. */
export async function signedIn(
  app: Pick<TestApp, "fetch" | "post">,
  { email, password }: { email: string; password: string },
  headers: Record<string, string> = {},
): Promise<SignedIn> {
  const response = await app
    .post("/api/session", { email, password }, headers);
  if (response.status !== 204) {
    throw new Error(`Not signed in: ${response.status}`);
  }
  const cookie = cookieOf(response);
  const fetch: TestApp["fetch"] = (path, init = {}) =>
    app.fetch(path, {
      ...init,
      headers: { ...Object.fromEntries(new Headers(init.headers)), cookie },
    });
  return {
    cookie,
    fetch,
    send: (method, path, body, headers = {}) =>
      fetch(path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
  };
}
