/** Titles that a model makes, as the browser and the ledger see them. */
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import type { Thread } from "@/lib/shared/wire.ts";
import type { TestApp } from "../support/app.ts";
import {
  askStream,
  askWhole,
  type ChatRig,
  getThread,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import type { Behaviour } from "../support/fake_upstream.ts";
import { collectEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";

const QUESTION = "how high is the river today";
const DAY_MS = 86_400_000;

const PRICES = [
  {
    model: "fake-1",
    from: "2020-01-01",
    inputPerMillionUsd: "30",
    outputPerMillionUsd: "60",
  },
  {
    model: "fake-2",
    from: "2020-01-01",
    inputPerMillionUsd: "0.5",
    outputPerMillionUsd: "1",
  },
];

/** An app where the cheap model `fake-2` makes titles as told. */
function startTitled(behaviour: Behaviour): Promise<ChatRig> {
  return startChat(
    {
      behaviours: {
        "fake-1": { text: "It is 4 m high.", usage: "own" },
        "fake-2": { usage: "own", ...behaviour },
      },
    },
    { configFile: { titles: { enabled: true }, prices: PRICES } },
  );
}

async function untilTitled(
  app: TestApp,
  thread: Thread,
  title: string,
): Promise<Thread> {
  return await waitFor(`the title "${title}"`, async () => {
    const now = await getThread(app, thread.id);
    return now.title === title && now;
  });
}

async function ledgerOf({ services }: TestApp): Promise<LedgerRow[]> {
  return await Array.fromAsync(
    services.ledger.rows(
      FIRST_WORKSPACE,
      Date.now() - DAY_MS,
      Date.now() + DAY_MS,
      AbortSignal.timeout(10_000),
    ),
  );
}

async function rename(
  app: TestApp,
  { id, version }: Thread,
  title: string,
): Promise<Response> {
  return await app.fetch(`/api/threads/${id}`, {
    method: "PATCH",
    headers: {
      "content-type": "application/json",
      "if-match": `"${version}"`,
    },
    body: JSON.stringify({ title }),
  });
}

Deno.test("titles: the cheapest model names a thread after its first answer, and its cost is in the ledger", async () => {
  await using rig = await startTitled({ text: "**River Level Today**" });
  const { thread } = await askWhole(rig.app, QUESTION);
  const titled = await untilTitled(rig.app, thread, "River Level Today");
  assert.equal(titled.titleSource, "auto");
  const rows = await ledgerOf(rig.app);
  assert.deepEqual(
    rows.map(({ source, model, status, thread }) => [
      source,
      model,
      status,
      thread,
    ]).toSorted(),
    [
      ["chat", "fake-1", "completed", thread.id],
      ["title", "fake-2", "completed", thread.id],
    ],
  );
  for (const row of rows) {
    const [input, output] = row.source === "chat" ? [30, 60] : [0.5, 1];
    assert.equal(
      row.costMicroUsd,
      Math.round(input * row.inputTokens + output * row.outputTokens),
    );
  }
});

Deno.test("titles: a name that its owner gives while the model thinks stays", async () => {
  await using rig = await startTitled({ text: "Too late", held: true });
  const { thread } = await askWhole(rig.app, QUESTION);
  await rig.upstream.waitForChat(1);
  const named = await rename(rig.app, await getThread(rig.app, thread.id), "R");
  assert.equal(named.status, 200, await named.text());
  rig.upstream.release();
  await waitFor(
    "the title's row",
    async () =>
      (await ledgerOf(rig.app)).some(({ source }) => source === "title"),
  );
  await rig.app.services.titles.close(10_000);
  const { title, titleSource } = await getThread(rig.app, thread.id);
  assert.deepEqual([title, titleSource], ["R", "user"]);
});

Deno.test("titles: a thread that was named before its first answer is asked nobody about", async () => {
  await using rig = await startTitled({ text: "Unwanted" });
  const thread = await newThread(rig.app, { title: "My river" });
  const message = { content: QUESTION };
  const asked = { message, model: "fake-1" };
  await collectEvents(await askStream(rig.app, thread.id, asked));
  // A thread that is to be named comes after it, and is named: so the first one has been seen.
  const other = await askWhole(rig.app, QUESTION);
  await untilTitled(rig.app, other.thread, "Unwanted");
  assert.equal((await getThread(rig.app, thread.id)).title, "My river");
  assert.equal(rig.upstream.chats().length, 3);
});

Deno.test("titles: when the model fails the thread keeps its first line", async () => {
  await using rig = await startTitled({ status: 400 });
  const { thread } = await askWhole(rig.app, QUESTION);
  await waitFor(
    "the title's rows",
    async () =>
      (await ledgerOf(rig.app)).filter(({ source }) => source === "title")
        .length === 2,
  );
  assert.equal((await getThread(rig.app, thread.id)).title, QUESTION);
});

Deno.test("titles: a cost that is unknown is null and a free one 0", async () => {
  await using rig = await startChat(
    { behaviour: { text: "Fine", usage: "own" } },
    {
      configFile: {
        prices: [{
          model: "fake-2",
          from: "2020-01-01",
          inputPerMillionUsd: "0",
          outputPerMillionUsd: "0",
        }],
      },
    },
  );
  const cost = async (model: string) => {
    const { events } = await askWhole(rig.app, QUESTION, model);
    return events.at(-1)!.data.costMicroUsd;
  };
  assert.equal(await cost("fake-1"), null);
  assert.equal(await cost("fake-2"), 0);
});
