/** `deno task user`: people managed from the command line, beside a server that runs. */
import assert from "node:assert/strict";
import { startApp } from "../support/app.ts";
import { bareEnvironment } from "../support/process.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { waitFor } from "../support/wait.ts";

const PASSWORD = "a password of theirs";
const DEADLINE_MS = 60_000;

Deno.test("user: adds, lists, changes and shuts out people of a server that runs", async () => {
  const folder = await Deno.makeTempDir();
  const user = async (args: string[], input = "") => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--cached-only", "scripts/user.ts", ...args],
      clearEnv: true,
      env: { ...bareEnvironment(), NO_COLOR: "1", DATA_DIR: folder },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(DEADLINE_MS),
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const decode = (bytes: Uint8Array) =>
      new TextDecoder().decode(bytes).trim();
    return { code, out: decode(stdout), error: decode(stderr) };
  };
  try {
    await using app = await startApp({
      location: `${folder}/freshet.db`,
      env: PASSWORD_MODE,
    });
    const person = { email: "new@example.org", password: PASSWORD };
    const added = await user(
      ["add", "New@example.org", "--role", "admin", "--name", "New One"],
      `${PASSWORD}\n`,
    );
    assert.deepEqual([added.code, added.error], [0, ""]);
    assert.match(
      added.out,
      /^usr_\S{22}\tnew@example.org\tadmin\tactive\tNew One$/,
    );
    const browser = await signedIn(app, person);
    const listed = await user(["list"]);
    assert.deepEqual(
      listed.out.split("\n").map((line) => line.split("\t")[1]),
      [OWNER.email, "new@example.org"],
    );
    const demoted = await user(["set-role", "new@example.org", "viewer"]);
    assert.match(demoted.out, /\tviewer\tactive\t/);
    const changed = await user(
      ["set-password", "new@example.org"],
      "another password",
    );
    assert.equal(changed.code, 0, changed.error);
    await signedIn(app, { ...person, password: "another password" });
    const disabled = await user(["disable", "new@example.org"]);
    assert.match(disabled.out, /\tviewer\tdisabled\t/);
    await waitFor("the session of who is disabled to end", async () => {
      const response = await browser.fetch("/api/session");
      await response.body?.cancel();
      return response.status === 401;
    });
    const refused: [string[], string, RegExp][] = [
      [["add", "x"], PASSWORD, /"x" is not an e-mail address/],
      [["add", "a@example.org"], "short", /at least 12 characters/],
      [["add", "new@example.org"], PASSWORD, /has an account already/],
      [["add", "a@example.org", "--role", "king"], PASSWORD, /Role "king"/],
      [["disable", OWNER.email], "", /last owner/],
      [["disable", "nobody@example.org"], "", /no user "nobody@example.org"/],
      [["list", "--workspace", "wsp_none"], "", /no workspace "wsp_none"/],
      [["dance"], "", /Command "dance" is not known/],
    ];
    for (const [args, input, expected] of refused) {
      const { code, error } = await user(args, input);
      assert.equal(code, 1, args.join(" "));
      assert.match(error, expected);
      assert.equal(error.split("\n").length, 1, error);
    }
    assert.match((await user(["help"])).out, /deno task user add EMAIL/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
