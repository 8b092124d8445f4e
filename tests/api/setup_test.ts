/** How a server gets its first owner, with processes that start at the same time on one store. */
import assert from "node:assert/strict";
import { type ServerProcess, startProcess } from "../support/process.ts";
import {
  cookieOf,
  OWNER,
  PASSWORD_MODE,
  signedIn,
} from "../support/signed_in.ts";
import { waitFor } from "../support/wait.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };

function setUp(
  server: ServerProcess,
  token: string,
  fields: Record<string, string>,
): Promise<Response> {
  return server.fetch("/setup", {
    method: "POST",
    headers: { ...FORM, origin: server.url },
    body: new URLSearchParams({ token, ...fields }),
  });
}

async function withFolder(work: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("setup: the log of a new server has a link, by which one becomes its owner", async () => {
  await withFolder(async (folder) => {
    const env = { FRESHET_AUTH: "password" };
    const [first, second] = await Promise.all([
      startProcess(folder, { env }),
      startProcess(folder, { env }),
    ]);
    await using _first = first;
    await using _second = second;
    const linkOf = (server: ServerProcess) =>
      waitFor(
        "the setup link",
        () =>
          server.logLines.map((line) =>
            /(http:\S+)\/setup\?token=([\w-]{43})$/.exec(line)
          ).find(Boolean),
      );
    const [, origin, token] = await linkOf(first);
    const [, , otherToken] = await linkOf(second);
    assert.equal(origin, first.url);
    assert.equal((await first.fetch("/api/threads")).status, 401);
    const page = await first.fetch(`/setup?token=${token}`);
    assert.equal(page.status, 200);
    await page.body?.cancel();
    const person = (name: string) => ({
      name,
      email: `${name}@example.org`,
      password: `the password of ${name}`,
    });
    const answers = await Promise.all([
      setUp(first, token, person("ada")),
      setUp(second, otherToken, person("bea")),
      setUp(second, token, person("cy")),
    ]);
    const winners = answers.filter(({ status }) => status === 303);
    assert.equal(winners.length, 1);
    for (const answer of answers) await answer.body?.cancel();
    const cookie = cookieOf(winners[0]);
    // The session of one process is known in the other.
    for (const server of [first, second]) {
      const state = await server.fetch("/api/session", { headers: { cookie } });
      assert.equal((await state.json()).role, "owner");
      const again = await setUp(server, token, person("dee"));
      assert.notEqual(again.status, 303);
      await again.body?.cancel();
    }
  });
});

Deno.test("setup: processes that start at once with the owner's settings make one, who signs in to each", async () => {
  await withFolder(async (folder) => {
    const env = PASSWORD_MODE;
    const servers = await Promise.all(
      Array.from({ length: 3 }, () => startProcess(folder, { env })),
    );
    try {
      for (const server of servers) {
        const owner = await signedIn(server, OWNER);
        const { items } = await (await owner.fetch("/api/users")).json();
        assert.equal(items.length, 1);
        assert.ok(
          !server.logLines.some((line) => line.includes("/setup?token=")),
        );
      }
    } finally {
      for (const server of servers) await server.kill("SIGKILL");
    }
  });
});

Deno.test("setup: a session that one process ends has ended in the other within a second", async () => {
  await withFolder(async (folder) => {
    const env = PASSWORD_MODE;
    await using first = await startProcess(folder, { env });
    await using second = await startProcess(folder, { env });
    const here = await signedIn(first, OWNER);
    const there = (cookie: string) =>
      second.fetch("/api/session", { headers: { cookie } });
    const before = await there(here.cookie);
    assert.equal(before.status, 200);
    await before.body?.cancel();
    await here.fetch("/api/session", { method: "DELETE" });
    await waitFor("the session to end", async () => {
      const response = await there(here.cookie);
      await response.body?.cancel();
      return response.status === 401;
    });
  });
});
