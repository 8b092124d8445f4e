/**
 * Fills an empty store with examples, to look around in or to show: threads with answers of the built-in demo,
 * projects, tasks, and a month of usage. No provider is asked.
 */
import type { Asker } from "@/lib/auth/asker.ts";
import { isStoreInUse } from "@/lib/backups/restored_store.ts";
import { newProjectSchema } from "@/lib/chat/project_input.ts";
import { newTaskSchema } from "@/lib/chat/task_input.ts";
import { UNARCHIVED } from "@/lib/chat/thread_input.ts";
import { type Config, readConfig } from "@/lib/config.ts";
import { ConfigError } from "@/lib/config/config_error.ts";
import { AppError } from "@/lib/errors.ts";
import { openStore } from "@/lib/kv/open.ts";
import { DemoProvider } from "@/lib/llm/demo/provider.ts";
import { drain } from "@/lib/lifespan.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { type Services, startServices } from "@/lib/services.ts";
import {
  FIRST_USER,
  FIRST_WORKSPACE,
  LOCAL_SPACE,
} from "@/lib/shared/spaces.ts";
import { PastClock, writeHistory } from "@/tests/support/usage_history.ts";

const HELP = `Fills an empty store with examples. The server must not run.

  deno task seed [REQUESTS]

REQUESTS   how many requests of the last 30 days there are to be; 20000 unless
           told, 0 for none`;

const MOST_REQUESTS = 10_000_000;
const HISTORY = { days: 30, users: 1, models: 6, keys: 4, burstsPerDay: 8 };
const ANSWER_MS = 60_000;

const PROJECTS: readonly [name: string, tasks: readonly string[]][] = [
  ["River gauges", [
    "Compare the level at Lower Bridge with 1998",
    "Explain the gap of 3 November",
    "Write the note for the town",
  ]],
  ["Snow survey", ["List the stations above 1,500 m", "Draft the report"]],
];

const QUESTIONS: readonly (readonly string[])[] = [
  ["How is a server backed up?", "And how is a backup put back?"],
  ["Who may make keys for programs?"],
  ["What does an alert watch by itself?"],
  ["How do limits and budgets differ?", "What happens when one is spent?"],
  ["Which answers does the cache keep?"],
  ["What runs behind a proxy?"],
];

/** Whose the examples are: the owner's of this machine. */
const OWNER: Asker = {
  workspace: FIRST_WORKSPACE,
  user: FIRST_USER,
  key: null,
  role: "owner",
  groups: [],
  address: null,
};

/** What keeps a store from being filled, in one line. */
class Mistake extends Error {
  override readonly name = "Mistake";
}

function readCount(text: string | undefined): number {
  if (text === undefined) return 20_000;
  const count = Number(text);
  if (/^\d+$/.test(text) && count <= MOST_REQUESTS) return count;
  throw new Mistake(
    `Count "${text}" is no whole number from 0 to ${MOST_REQUESTS}`,
  );
}

async function main(args: readonly string[]): Promise<void> {
  if (args.some((word) => word === "help" || word.startsWith("-"))) {
    print(HELP);
    return;
  }
  const requests = readCount(args[0]);
  const config = await readConfig();
  const { storePath } = config;
  if (storePath === null) {
    throw new Mistake("The store is not a file of DATA_DIR; nothing is done");
  }
  if (await isStoreInUse(storePath)) {
    throw new Mistake(`A server has "${storePath}" open; stop it first`);
  }
  await requireEmpty(config);
  if (requests > 0) await seedUsage(storePath, requests);
  const threads = await seedChat(config);
  print(
    `Filled "${storePath}": ${threads} threads, ${PROJECTS.length} projects, ${
      requests.toLocaleString("en-US")
    } requests of the last ${HISTORY.days} days`,
  );
}

/** Starts the services on the store, without anything that asks somebody else. */
async function withServices<T>(
  config: Config,
  work: (services: Services) => Promise<T>,
): Promise<T> {
  const services = await startServices({
    ...config,
    providers: [],
    defaultProvider: null,
    routes: [],
    mail: null,
    titles: { enabled: false, model: null },
  }, {
    log: silentLogger(),
    // Nobody watches the words come.
    demo: new DemoProvider({ pause: () => Promise.resolve() }),
  });
  try {
    return await work(services);
  } finally {
    await drain(services);
  }
}

/** Examples among what people have would be hard to get rid of. */
async function requireEmpty(config: Config): Promise<void> {
  await withServices(config, async ({ threads }) => {
    const { items } = await threads.list(
      LOCAL_SPACE,
      { limit: 1, cursor: null },
      UNARCHIVED,
    );
    if (items.length > 0) {
      throw new Mistake(
        `There are threads in "${config.storePath}" already; want an empty DATA_DIR`,
      );
    }
  });
}

async function seedUsage(location: string, rows: number): Promise<void> {
  const clock = new PastClock();
  const store = await openStore({ location, clock });
  try {
    await writeHistory(store, clock, { ...HISTORY, rows });
  } finally {
    store.close();
  }
}

async function seedChat(config: Config): Promise<number> {
  return await withServices(config, async (services) => {
    const { projects, tasks } = services;
    for (const [name, titles] of PROJECTS) {
      const { id } = await projects.create(
        LOCAL_SPACE,
        newProjectSchema.parse({ name }),
      );
      for (const title of titles) {
        await tasks.create(
          LOCAL_SPACE,
          newTaskSchema.parse({ title, projectId: id, tags: ["autumn"] }),
        );
      }
    }
    await Promise.all(
      QUESTIONS.map((questions) => seedThread(services, questions)),
    );
    return QUESTIONS.length;
  });
}

async function seedThread(
  { chat, threads }: Services,
  questions: readonly string[],
): Promise<void> {
  const { id } = await threads.create(LOCAL_SPACE, {
    title: questions[0],
    model: "freshet/demo",
  });
  for (const content of questions) {
    const { run } = await chat.startRun(LOCAL_SPACE, id, {
      message: { content },
    }, {
      asker: OWNER,
      logger: silentLogger(),
      requestId: null,
      idempotencyKey: null,
    });
    await chat.waitForRun(LOCAL_SPACE, run.id, ANSWER_MS);
  }
}

function print(line: string): void {
  // deno-lint-ignore no-console -- the output is the command's result
  console.log(line);
}

try {
  await main(Deno.args);
  // Nothing that was begun for it is worth waiting for.
  Deno.exit(0);
} catch (error) {
  const isTold = error instanceof Mistake || error instanceof AppError ||
    error instanceof ConfigError;
  if (!isTold) throw error;
  // deno-lint-ignore no-console -- the one line that says what was wrong
  console.error(error.message);
  Deno.exit(1);
}
