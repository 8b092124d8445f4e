const BUILD_ID_VARIABLES = [
  "DENO_DEPLOYMENT_ID",
  "DENO_DEPLOY_BUILD_ID",
  "GITHUB_SHA",
  "CI_COMMIT_SHA",
];
const GIT_DEADLINE_MS = 5_000;

/**
 * The id of this build, which `asset()` puts into URLs: the first set variable of a host or CI, else
 * the commit git has checked out at `root`, else "". As in Fresh, an empty id means that assets are
 * cached for ever under one URL; who builds outside a git repository sets DENO_DEPLOYMENT_ID.
 */
export async function findBuildId(
  root: string,
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
): Promise<string> {
  for (const name of BUILD_ID_VARIABLES) {
    const value = env(name);
    if (value) return value;
  }
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["rev-parse", "HEAD"],
      cwd: root,
      stdout: "piped",
      stderr: "null",
      signal: AbortSignal.timeout(GIT_DEADLINE_MS),
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : "";
  } catch {
    // No git on this machine.
    return "";
  }
}
