/** A store in a folder, a fake upstream, and servers as processes of their own over both. */
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import { Ledger } from "@/lib/usage/ledger_store.ts";
import {
  type FakeUpstream,
  type FakeUpstreamOptions,
  startFakeUpstream,
} from "../support/fake_upstream.ts";
import { type ServerProcess, startProcess } from "../support/process.ts";

/** Longest that a step of a test may take on a loaded machine, in milliseconds. */
export const STEP_DEADLINE_MS = 60_000;

export interface ProcessRig extends AsyncDisposable {
  dataDir: string;
  upstream: FakeUpstream;
  start(): Promise<ServerProcess>;
}

/** Settings that let a server have thousands of connections. */
const MANY_DESCRIPTORS = 16_384;
const MANY_CONNECTIONS = 4_096;

/** The provider is called "fake". Servers are the caller's to end; the rig ends the upstream and removes the folder. */
export async function processRig(
  options: FakeUpstreamOptions,
): Promise<ProcessRig> {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const upstream = await startFakeUpstream(options);
  const configPath = `${dataDir}/config.json`;
  const config = {
    titles: { enabled: false },
    providers: [{
      id: "fake",
      baseUrl: upstream.url,
      apiKey: "sk-test",
      maxConnections: MANY_CONNECTIONS,
    }],
  };
  await Deno.writeTextFile(configPath, JSON.stringify(config));
  const env = {
    FRESHET_CONFIG: configPath,
    FRESHET_MAX_FDS: String(MANY_DESCRIPTORS),
  };
  return {
    dataDir,
    upstream,
    start: () => startProcess(dataDir, { env }),
    async [Symbol.asyncDispose]() {
      upstream.release();
      await upstream.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

/** The whole ledger of a store whose process has ended. */
export async function ledgerRows(dataDir: string): Promise<LedgerRow[]> {
  const store = await openStore({ location: `${dataDir}/freshet.db` });
  try {
    const rows = new Ledger(store).rows(
      FIRST_WORKSPACE,
      0,
      Number.MAX_SAFE_INTEGER,
      AbortSignal.timeout(STEP_DEADLINE_MS),
    );
    return await Array.fromAsync(rows);
  } finally {
    store.close();
  }
}
