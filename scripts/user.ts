/**
 * Manages people from the command line, on the store that the settings name, also while a server runs on
 * it: `deno task user help` shows how.
 */
import { AccessChanges } from "@/lib/auth/access_changes.ts";
import { buildIdentity, type Identity } from "@/lib/auth/build_identity.ts";
import type { Caller } from "@/lib/auth/caller.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { normaliseEmail } from "@/lib/auth/email.ts";
import { type Role, ROLES } from "@/lib/auth/roles.ts";
import { name as nameSchema } from "@/lib/auth/user_input.ts";
import { readConfig, storeError } from "@/lib/config.ts";
import { ConfigError } from "@/lib/config/config_error.ts";
import { passwordFault } from "@/lib/config/sign_in.ts";
import { AppError } from "@/lib/errors.ts";
import { openStore } from "@/lib/kv/open.ts";
import { consoleLogger } from "@/lib/observe/log.ts";
import type { User } from "@/lib/shared/wire.ts";
import { readSecretLine } from "./read_secret_line.ts";

const HELP =
  `Manages the people of a server. Settings are read as the server reads them.

  deno task user list
  deno task user add EMAIL [--role ${ROLES.join("|")}] [--name NAME]
  deno task user set-password EMAIL
  deno task user set-role EMAIL ROLE
  deno task user disable EMAIL
  deno task user enable EMAIL

  --workspace ID   another workspace than the first

add and set-password read the password from standard input.`;

const PAGE = 200;

/** A mistake in what was typed. */
class Mistake extends Error {
  override readonly name = "Mistake";
}

interface Options {
  words: string[];
  role: Role;
  name: string | undefined;
  workspace: string;
}

function parseArguments(args: readonly string[]): Options {
  const words: string[] = [];
  const flags: Record<string, string> = {};
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index];
    if (!word.startsWith("--")) {
      words.push(word);
      continue;
    }
    const [flag, inline] = word.slice(2).split("=", 2);
    const value = inline ?? args[index += 1];
    if (!["role", "name", "workspace"].includes(flag) || value === undefined) {
      throw new Mistake(`Option "${word}" is not known or lacks its value`);
    }
    flags[flag] = value;
  }
  return {
    words,
    role: parseRole(flags.role ?? "member"),
    name: flags.name === undefined ? undefined : parseName(flags.name),
    workspace: flags.workspace ?? FIRST_WORKSPACE,
  };
}

function parseRole(text: string | undefined): Role {
  const role = ROLES.find((each) => each === text);
  if (role !== undefined) return role;
  throw new Mistake(`Role "${text ?? ""}" is not one of ${ROLES.join(", ")}`);
}

function parseName(text: string): string {
  const parsed = nameSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Mistake(`Name "${text}" ${parsed.error.issues[0].message}`);
}

function parseEmail(text: string | undefined): string {
  const email = normaliseEmail(text ?? "");
  if (email !== null) return email;
  throw new Mistake(`"${text ?? ""}" is not an e-mail address`);
}

async function askPassword(): Promise<string> {
  const password = await readSecretLine("Password: ");
  const fault = passwordFault(password);
  if (fault !== null) throw new Mistake(`The password ${fault}`);
  return password;
}

/** Whoever can run this may do all; the audit log says that it was done here. */
function commandLine(workspace: string): Caller {
  return {
    mode: "password",
    workspace,
    user: "command-line",
    role: "owner",
    isOperator: true,
    groups: [],
    key: null,
    session: null,
    address: "command line",
  };
}

async function findUser(
  { users }: Identity,
  workspace: string,
  text: string | undefined,
): Promise<User> {
  const email = parseEmail(text);
  const account = await users.findByEmail(email);
  if (account === null) throw new Mistake(`There is no user "${email}"`);
  return await users.require(workspace, account.id);
}

function describe(user: User): string {
  const state = user.disabled ? "disabled" : "active";
  return [user.id, user.email ?? "-", user.role, state, user.name].join("\t");
}

async function* all(
  { users }: Identity,
  workspace: string,
): AsyncGenerator<User, void, void> {
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Identity["users"]["list"]>> = await users
      .list(workspace, { limit: PAGE, cursor });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** Does what was asked for and gives the lines that tell of it. */
async function* act(
  identity: Identity,
  { words, role, name, workspace }: Options,
): AsyncGenerator<string, void, void> {
  const [command, who, more] = words;
  const { users, passwordChange, workspaces } = identity;
  const caller = commandLine(workspace);
  if (await workspaces.find(workspace) === null) {
    throw new Mistake(`There is no workspace "${workspace}"`);
  }
  const update = async (patch: Parameters<typeof users.update>[3]) => {
    const { id } = await findUser(identity, workspace, who);
    return describe(
      await users.update(caller, workspace, id, patch, () => {}),
    );
  };
  switch (command) {
    case "list":
      for await (const user of all(identity, workspace)) yield describe(user);
      return;
    case "add": {
      const email = parseEmail(who);
      const password = await askPassword();
      const input = { email, password, role, name, groups: [] };
      yield describe(await users.create(caller, workspace, input));
      return;
    }
    case "set-password": {
      const user = await findUser(identity, workspace, who);
      await passwordChange.set(user.id, await askPassword(), {
        workspace,
        by: "admin",
        address: null,
        actor: null,
        session: null,
      });
      yield describe(user);
      return;
    }
    case "set-role":
      yield await update({ role: parseRole(more) });
      return;
    case "disable":
      yield await update({ disabled: true });
      return;
    case "enable":
      yield await update({ disabled: false });
      return;
  }
  throw new Mistake(`Command "${command}" is not known; see: user help`);
}

async function main(args: string[]): Promise<void> {
  const options = parseArguments(args);
  const [command] = options.words;
  if (command === undefined || command === "help") {
    print(HELP);
    return;
  }
  const config = await readConfig();
  const store = await openStore({ location: config.storePath })
    .catch((error) => {
      throw storeError(config, error);
    });
  try {
    const identity = buildIdentity({
      store,
      config,
      changes: new AccessChanges(),
      // Nobody is told by mail of what was done here.
      mailer: {
        isOn: false,
        add: (unit) => Promise.resolve(unit),
        wake: () => {},
      },
      log: consoleLogger(),
    });
    await identity.firstOwner.ensure(null);
    for await (const line of act(identity, options)) print(line);
  } finally {
    store.close();
  }
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
