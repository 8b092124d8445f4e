/**
 * Makes a backup of the store that the settings name, also while a server runs on it: `deno task backup`
 * puts it beside the others in DATA_DIR/backups, `deno task backup FILE` where one likes.
 */
import { BackupFiles, publishFile } from "@/lib/backups/backup_files.ts";
import { doBackupTask } from "@/lib/backups/engine/backup_task.ts";
import { copyStore } from "@/lib/backups/engine/store_copy.ts";
import type { BackupManifest } from "@/lib/backups/backup_manifest.ts";
import { backupFolder, makeBackup } from "@/lib/backups/make_backup.ts";
import { findSecretId } from "@/lib/backups/secret_id.ts";
import { readConfig } from "@/lib/config.ts";
import { ConfigError } from "@/lib/config/config_error.ts";
import { AppError } from "@/lib/errors.ts";
import { formatPlural } from "@/lib/shared/format.ts";

const HELP = `Makes a backup of the store, also while a server runs on it.

  deno task backup         into DATA_DIR/backups, where /admin/backups lists it
  deno task backup FILE    into a file that is not there yet

The file holds everything but the secret of the server (DATA_DIR/secret, or
FRESHET_SECRET): keep that too, in another place. It is put back by
"deno task restore FILE".`;

/** What keeps a backup from being made, in one line. */
class Mistake extends Error {
  override readonly name = "Mistake";
}

async function main(args: readonly string[]): Promise<void> {
  if (args.some((word) => word === "help" || word.startsWith("-"))) {
    print(HELP);
    return;
  }
  if (args.length > 1) throw new Mistake(`One file at most; see: backup help`);
  const config = await readConfig();
  const { storePath } = config;
  if (storePath === null) {
    throw new Mistake(
      `The store is not a file: setting DENO_KV_DEFAULT_PATH="${
        Deno.env.get("DENO_KV_DEFAULT_PATH") ?? ""
      }" leads elsewhere; back it up where it is kept`,
    );
  }
  if (!await isThere(storePath)) {
    throw new Mistake(`There is no store "${storePath}"; see DATA_DIR`);
  }
  const facts = {
    origin: "command",
    secretId: await findSecretId(config),
  } as const;
  const [file] = args;
  const { path, bytes, manifest } = file === undefined
    ? await makeBackup(
      new BackupFiles(backupFolder(storePath)),
      (task, _signal, tell) => doBackupTask(task, tell),
      { storePath, ...facts, at: new Date(), signal: neverAborted() },
    )
    : await copyTo(file, storePath, facts);
  print(
    `${path}: ${formatPlural(bytes, "byte")}, ${
      formatPlural(manifest.rows, "row")
    }, ${formatPlural(manifest.threads, "thread")}, ${
      formatPlural(manifest.messages, "message")
    }`,
  );
}

async function copyTo(
  file: string,
  storePath: string,
  facts: Pick<BackupManifest, "origin" | "secretId">,
) {
  if (await isThere(file)) throw new Mistake(`File "${file}" is there already`);
  const partial = `${file}.partial`;
  await removeIfThere(partial);
  try {
    const madeAt = new Date().toISOString();
    const manifest = await copyStore(storePath, partial, { madeAt, ...facts });
    await publishFile(partial, file);
    return { path: file, bytes: (await Deno.stat(file)).size, manifest };
  } catch (error) {
    await removeIfThere(partial);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Mistake(`The backup "${file}" could not be made: ${reason}`);
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** The command ends when its process is ended. */
function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

function print(line: string): void {
  // deno-lint-ignore no-console -- the output is the command's result
  console.log(line);
}

try {
  await main(Deno.args);
} catch (error) {
  const isTold = error instanceof Mistake || error instanceof AppError ||
    error instanceof ConfigError;
  if (!isTold) throw error;
  // deno-lint-ignore no-console -- the one line that says what was wrong
  console.error(error.message);
  Deno.exit(1);
}
