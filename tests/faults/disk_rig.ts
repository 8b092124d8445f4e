/** Servers whose disk can be filled: a small file system of its own, or a limit on the size of files. */
import { type Behaviour, startFakeUpstream } from "../support/fake_upstream.ts";
import type { FakeUpstream } from "../support/fake_upstream.ts";
import {
  serveArguments,
  type ServerProcess,
  startProcess,
} from "../support/process.ts";

export interface DiskRig extends AsyncDisposable {
  upstream: FakeUpstream;
  /** What readiness says while there is no room. */
  reason: RegExp;
  start(): Promise<ServerProcess>;
  /** From now on no file of the store can grow. */
  takeRoom(server: ServerProcess): Promise<void>;
  /** @param server null: it has ended */
  giveRoom(server: ServerProcess | null): Promise<void>;
}

/** Enough for a new store and its write-ahead log. */
const DISK_BYTES = 8 * 1024 * 1024;
const FILLING_BYTES = 4 * 1024;

async function run(program: string, ...args: string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function mountDisk(folder: string): Promise<boolean> {
  return Deno.build.os === "linux" &&
    await run(
      "mount",
      ..."-t tmpfs -o".split(" "),
      `size=${DISK_BYTES}`,
      "freshet-test",
      folder,
    );
}

/** Whether this user may mount a file system: root, outside most containers. */
export async function canMount(): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "freshet-test-" });
  try {
    return await mountDisk(folder) && await run("umount", folder);
  } finally {
    await Deno.remove(folder);
  }
}

/** Whether there is a way to limit the files of another process. */
export async function canLimitFiles(): Promise<boolean> {
  return Deno.build.os === "linux" &&
    await run("prlimit", "--pid", String(Deno.pid), "--fsize");
}

async function upstreamOf(behaviour: Behaviour) {
  const upstream = await startFakeUpstream({ behaviour });
  upstream.hold();
  const env = {
    OPENAI_API_KEY: "sk-test",
    OPENAI_BASE_URL: upstream.url,
    FRESHET_CONFIG: "tests/support/without_titles.json",
  };
  return { upstream, env };
}

/** A store on a file system of its own, which is filled to its last byte. */
export async function fullDisk(behaviour: Behaviour): Promise<DiskRig> {
  const disk = await Deno.makeTempDir({ prefix: "freshet-test-" });
  if (!await mountDisk(disk)) throw new Error("Disk could not be mounted");
  const { upstream, env } = await upstreamOf(behaviour);
  const filling = `${disk}/filling`;
  return {
    upstream,
    reason: /disk is full/,
    start: () => startProcess(`${disk}/data`, { env }),
    async takeRoom() {
      using file = await Deno.open(filling, { create: true, append: true });
      const bytes = new Uint8Array(FILLING_BYTES);
      while (await file.write(bytes).catch(() => 0) > 0);
    },
    giveRoom: () => Deno.remove(filling),
    async [Symbol.asyncDispose]() {
      upstream.release();
      await upstream.close();
      await run("umount", disk);
      await Deno.remove(disk);
    },
  };
}

/** Size of the store's largest file, in bytes. */
async function largestFile(folder: string): Promise<number> {
  let largest = 0;
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile) continue;
    largest = Math.max(largest, (await Deno.stat(`${folder}/${name}`)).size);
  }
  return largest;
}

/** A store whose files may not grow: every write of the process beyond a size fails (EFBIG). */
export async function limitedFiles(behaviour: Behaviour): Promise<DiskRig> {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const { upstream, env } = await upstreamOf(behaviour);
  const limit = async (server: ServerProcess, bytes: number | "unlimited") => {
    const set = `--fsize=${bytes}:unlimited`;
    if (!await run("prlimit", "--pid", String(server.child.pid), set)) {
      throw new Error(`Limit "${set}" could not be set`);
    }
  };
  return {
    upstream,
    reason: /disk I\/O error/,
    start: () =>
      startProcess(dataDir, {
        env,
        command: "sh",
        // Beyond its limit a process gets this signal, and ends unless it was told not to care.
        args: [
          "-c",
          'trap "" XFSZ; exec "$@"',
          "sh",
          Deno.execPath(),
          ...serveArguments(dataDir),
        ],
      }),
    takeRoom: async (server) => limit(server, await largestFile(dataDir)),
    async giveRoom(server) {
      if (server !== null) await limit(server, "unlimited");
    },
    async [Symbol.asyncDispose]() {
      upstream.release();
      await upstream.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}
