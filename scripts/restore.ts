/** Puts a backup in the place of the store that the settings name: `deno task restore FILE`. */
import { RestoreRefused, restoreStore } from "@/lib/backups/restore.ts";
import { findSecretId } from "@/lib/backups/secret_id.ts";
import { readConfig } from "@/lib/config.ts";
import { ConfigError } from "@/lib/config/config_error.ts";
import { formatPlural } from "@/lib/shared/format.ts";

const HELP = `Puts a backup in the place of the store. The server must not run.

  deno task restore FILE

The store that was there is kept in DATA_DIR/replaced-…; delete it once you are
sure. Whoever was signed out and whatever key was revoked after the backup was
made is as it was then.`;

async function main(args: readonly string[]): Promise<void> {
  const [file] = args;
  if (file === undefined || file === "help" || file.startsWith("-")) {
    print(HELP);
    if (file === undefined) Deno.exit(1);
    return;
  }
  if (args.length > 1) {
    throw new RestoreRefused(`One file; see: restore help`);
  }
  const config = await readConfig();
  const { storePath } = config;
  if (storePath === null) {
    throw new RestoreRefused(
      `The store is not a file: setting DENO_KV_DEFAULT_PATH="${
        Deno.env.get("DENO_KV_DEFAULT_PATH") ?? ""
      }" leads elsewhere; restore it where it is kept`,
    );
  }
  const { manifest, keptAt } = await restoreStore(file, storePath, {
    at: new Date(),
    signal: new AbortController().signal,
  });
  print(
    `Restored "${storePath}" as it was at ${manifest.madeAt}: ${
      formatPlural(manifest.threads, "thread")
    }, ${formatPlural(manifest.messages, "message")}, ${
      formatPlural(manifest.rows, "row")
    }`,
  );
  if (keptAt !== null) print(`The store that was there is in "${keptAt}"`);
  const secretId = await findSecretId(config);
  if (manifest.secretId !== null && manifest.secretId !== secretId) {
    print(
      `What is secret in it was encrypted with another secret than this server has: put the secret of then into FRESHET_SECRET or "${config.dataDir}/secret", or type keys of providers and the like anew`,
    );
  }
}

function print(line: string): void {
  // deno-lint-ignore no-console -- the output is the command's result
  console.log(line);
}

try {
  await main(Deno.args);
} catch (error) {
  const isTold = error instanceof RestoreRefused ||
    error instanceof ConfigError;
  if (!isTold) throw error;
  // deno-lint-ignore no-console -- the one line that says what was wrong
  console.error(error.message);
  Deno.exit(1);
}
