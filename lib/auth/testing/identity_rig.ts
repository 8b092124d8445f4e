import { readConfig } from "@/lib/config.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import type { Mail } from "@/lib/mail/mail.ts";
import { createLogger } from "@/lib/observe/log.ts";
import { AccessChanges } from "../access_changes.ts";
import { buildIdentity, type Identity } from "../build_identity.ts";
import type { Caller } from "../caller.ts";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { Client } from "../sessions.ts";

export interface RigOptions {
  env?: Record<string, string>;
  /** Whether mail can be sent. */
  hasMail?: boolean;
  /** `":memory:"` unless told. */
  location?: string;
}

/** Work of a hash in tests. */
export const SMALL_COST = { n: 2 ** 4, r: 8, p: 1 };

export const OWNER = {
  email: "owner@example.org",
  password: "the owner's password",
};

export const CLIENT: Client = { address: "192.0.2.1", userAgent: null };

/** Identity over a real store with time in hand, as one or several processes have it. */
export async function openIdentity(
  { env = {}, hasMail = false, location }: RigOptions = {},
) {
  const test = await openTestStore({ location });
  const settings: Record<string, string> = {
    FRESHET_AUTH: "password",
    FRESHET_ADMIN_EMAIL: OWNER.email,
    FRESHET_ADMIN_PASSWORD: OWNER.password,
    ...(hasMail ? { PUBLIC_URL: "https://chat.example.org" } : {}),
    ...env,
  };
  const config = await readConfig({
    env: (name) => settings[name],
    readText: () => Promise.reject(new Error("There is no file")),
    canWrite: () => true,
  });
  const mails: Mail[] = [];
  const logLines: string[] = [];
  const log = createLogger({
    write: (line) => logLines.push(line),
    format: "json",
    level: "debug",
  });
  /** What another process on the same store has. */
  const startProcess = (
    passwordCost = SMALL_COST,
    store = test.calm,
  ): Identity & {
    changes: AccessChanges;
  } => {
    const changes = new AccessChanges();
    const identity = buildIdentity({
      store,
      config,
      changes,
      mailer: {
        isOn: hasMail,
        add: (unit, mail) => {
          mails.push(mail);
          return Promise.resolve(unit);
        },
        wake: () => {},
      },
      log,
      passwordCost,
    });
    return { ...identity, changes };
  };
  const process = startProcess();
  await process.firstOwner.ensure(config.firstOwner);
  return {
    ...process,
    config,
    clock: test.clock,
    store: test.calm,
    mails,
    logLines,
    startProcess,
    /** A process whose store fails as `faults` says; wait for it with `drive`. */
    startUnlucky: () => startProcess(SMALL_COST, test.store),
    faults: test.faults,
    drive: test.drive,
    async close() {
      await process.sessions.close();
      await process.passwordReset.close();
      test[Symbol.dispose]();
    },
  };
}

export type IdentityRig = Awaited<ReturnType<typeof openIdentity>>;

/** Runs a test with identity, and closes it. */
export async function withIdentity(
  work: (rig: IdentityRig) => Promise<void>,
  options: RigOptions = {},
): Promise<void> {
  const rig = await openIdentity(options);
  try {
    await work(rig);
  } finally {
    await rig.close();
  }
}

/** The first owner as a caller; `more` says what is different. */
export function ownerCaller(more: Partial<Caller> = {}): Caller {
  return {
    mode: "password",
    workspace: FIRST_WORKSPACE,
    user: FIRST_USER,
    role: "owner",
    isOperator: true,
    groups: [],
    key: null,
    session: null,
    address: CLIENT.address,
    ...more,
  };
}

/** Makes an account with a password in the first workspace, or another. */
export async function addUser(
  { users }: Pick<Identity, "users">,
  email: string,
  {
    role = "member" as Caller["role"],
    workspace = FIRST_WORKSPACE as string,
    password = "a password of theirs",
  } = {},
) {
  const user = await users.create(ownerCaller(), workspace, {
    email,
    password,
    role,
    groups: [],
  });
  const caller = ownerCaller({
    user: user.id,
    role,
    workspace,
    isOperator: false,
  });
  return { ...user, password, caller };
}

/** The code of the refusal that something ends with. */
export async function refusalOf(
  work: Promise<unknown> | (() => unknown),
): Promise<string> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === "string") return code;
    throw error;
  }
  throw new Error("It was not refused");
}
