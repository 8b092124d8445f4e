/** What is compared: Freshet, the least proxy, the same on the openai package, and Portkey. */
import { startProcess } from "../../support/process.ts";
import type { Rig, Target } from "./rig.ts";

const PORTKEY = "@portkey-ai/gateway@1.15.2";

const START_DEADLINE_MS = 30_000;
const POLL_MS = 50;

export interface RunningPeer extends AsyncDisposable {
  target: Target;
  pid: number;
}

export interface Peer {
  name: string;
  /** Version and flags, as they are printed. */
  label: string;
  start(rig: Rig, upstreamPort: number, folder: string): Promise<RunningPeer>;
}

const here = (name: string) => new URL(name, import.meta.url).pathname;

const deno = (script: string, ...args: string[]) => [
  Deno.execPath(),
  "run",
  "-A",
  "--unstable-no-legacy-abort",
  here(script),
  ...args,
];

function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return listener.addr.port;
}

const PATH = "/v1/chat/completions";

/** Starts a server by a command, and waits until it takes connections. */
async function startCommand(
  rig: Rig,
  command: string[],
  target: Target,
  env: Record<string, string> = {},
): Promise<RunningPeer> {
  const [program, ...args] = rig.onServerCore(command);
  const child = new Deno.Command(program, {
    args,
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const end = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await child.status;
  };
  const giveUpAt = performance.now() + START_DEADLINE_MS;
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port: target.port }))
        .close();
      return { target, pid: child.pid, [Symbol.asyncDispose]: end };
    } catch (error) {
      if (performance.now() > giveUpAt) {
        await end();
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

export const passthrough: Peer = {
  name: "passthrough",
  label: `bare passthrough, Deno ${Deno.version.deno}`,
  start: (rig, upstream) => {
    const port = freePort();
    return startCommand(
      rig,
      deno(
        "passthrough_server.ts",
        `http://127.0.0.1:${upstream}`,
        String(port),
      ),
      { port, path: PATH, model: "m1" },
    );
  },
};

export const sdk: Peer = {
  name: "openai SDK",
  label: `proxy on the openai package, Deno ${Deno.version.deno}`,
  start: (rig, upstream) => {
    const port = freePort();
    return startCommand(
      rig,
      deno("sdk_server.ts", `http://127.0.0.1:${upstream}`, String(port)),
      { port, path: PATH, model: "m1" },
    );
  },
};

export const hello: Peer = {
  name: "Hono hello",
  label: `Hono's hello-world, Deno ${Deno.version.deno}`,
  start: (rig) => {
    const port = freePort();
    // Its package is none of the project's.
    const command = [
      Deno.execPath(),
      "run",
      "-A",
      "--no-config",
      "--no-lock",
      here("hello_server.ts"),
      String(port),
    ];
    return startCommand(rig, command, { port, path: PATH, model: "m1" });
  },
};

export const blocking: Peer = {
  name: "blocking",
  label: "a server that blocks while it waits",
  start: (rig) => {
    const port = freePort();
    return startCommand(rig, deno("blocking_server.ts", String(port)), {
      port,
      path: PATH,
      model: "m1",
    });
  },
};

export const portkey: Peer = {
  name: "Portkey",
  label: `${PORTKEY} on Node.js, --headless`,
  async start(rig, upstream, folder) {
    const { success, stderr } = await new Deno.Command("npm", {
      args: ["install", "--no-audit", "--no-fund", "--prefix", folder, PORTKEY],
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const port = freePort();
    return await startCommand(
      rig,
      [
        "node",
        `${folder}/node_modules/@portkey-ai/gateway/build/start-server.js`,
        `--port=${port}`,
        "--headless",
      ],
      {
        port,
        path: PATH,
        model: "m1",
        headers: "x-portkey-provider: openai\r\n" +
          `x-portkey-custom-host: http://127.0.0.1:${upstream}/v1\r\n`,
      },
      { NODE_ENV: "production" },
    );
  },
};

/** @param headers of each request, each with its line end */
export function freshet(
  name: string,
  headers = "",
  env: Record<string, string> = {},
): Peer {
  return {
    name,
    label: `${name}: the built app by its start task's flags${
      headers === "" ? "" : `, ${headers.trim()}`
    }`,
    async start(rig, upstream, folder) {
      const dataDir = await Deno.makeTempDir({ dir: folder });
      const configPath = `${dataDir}/config.json`;
      await Deno.writeTextFile(
        configPath,
        JSON.stringify({
          providers: [{
            id: "load",
            baseUrl: `http://127.0.0.1:${upstream}/v1`,
            models: ["m1"],
            maxConnections: 10_000,
          }],
          titles: { enabled: false },
        }),
      );
      const server = await startProcess(dataDir, {
        wrap: (command) => rig.onServerCore(command),
        env: {
          FRESHET_CONFIG: configPath,
          FRESHET_MAX_FDS: "20000",
          ...env,
        },
      });
      return {
        pid: server.child.pid,
        target: {
          port: Number(new URL(server.url).port),
          path: PATH,
          model: "load/m1",
          headers,
        },
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  };
}
