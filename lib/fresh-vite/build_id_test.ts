import assert from "node:assert/strict";
import { findBuildId } from "./build_id.ts";

const unset = () => undefined;

Deno.test("findBuildId: takes the first variable that is set", async () => {
  const env: Record<string, string> = {
    DENO_DEPLOYMENT_ID: "",
    GITHUB_SHA: "from-github",
    CI_COMMIT_SHA: "from-gitlab",
  };
  assert.equal(await findBuildId("/", (name) => env[name]), "from-github");
});

Deno.test("findBuildId: falls back to git's commit, and outside of git to nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assert.equal(await findBuildId(folder, unset), "");
    const git = async (...args: string[]) => {
      const { success } = await new Deno.Command("git", {
        args,
        cwd: folder,
        stdout: "null",
        stderr: "null",
      }).output();
      assert.ok(success);
    };
    await git("init");
    await git(
      "-c",
      "user.name=Test",
      "-c",
      "user.email=test@example.com",
      "commit",
      "--allow-empty",
      "--no-gpg-sign",
      "-m",
      "Start",
    );
    assert.match(await findBuildId(folder, unset), /^[0-9a-f]{40}$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
