import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { CommitFault } from "@/lib/kv/testing/fault_kv.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { WrappedAtomic, WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { Provider } from "@/lib/llm/types.ts";
import { newId } from "@/lib/shared/ids.ts";
import { IdempotencyStore } from "./idempotency_store.ts";
import { newProjectSchema } from "./project_input.ts";
import { ProjectStore } from "./project_store.ts";
import { Projects } from "./projects.ts";
import { TagStore } from "./tag_store.ts";
import { Tags } from "./tags.ts";
import { newTaskSchema } from "./task_input.ts";
import { TaskStore } from "./task_store.ts";
import { Tasks } from "./tasks.ts";

const WORKSPACE = "wsp_test";
const FIRST_PAGE = { limit: 200, cursor: null };
const ANY = () => {};

function services(store: Store) {
  const requests = new IdempotencyStore(store);
  const tagStore = new TagStore(store);
  const projects = new Projects(new ProjectStore(store), requests, {
    find: (id) => Promise.resolve({ provider: {} as Provider, model: id, id }),
    defaultModel: () => Promise.resolve("m"),
  });
  const tasks = new Tasks(new TaskStore(store), tagStore, requests, {
    projects,
    threads: { get: () => Promise.resolve(null) },
  });
  return { projects, tags: new Tags(tagStore, requests), tasks };
}

const newTask = (input: unknown) => newTaskSchema.parse(input);
const newProject = (name: string) => newProjectSchema.parse({ name });

/** Everything the store holds for the space. */
async function rows(store: Store): Promise<unknown[]> {
  const found = await Array.fromAsync(store.kv.list({ prefix: [WORKSPACE] }));
  return found.map(({ key }) => key);
}

function code(error: unknown): string {
  assert.ok(error instanceof AppError, String(error));
  return error.code;
}

Deno.test("Tasks.create: a commit that fails leaves neither the task nor its tags", async () => {
  for (const fault of ["drop", "refuse", "hang"] as CommitFault[]) {
    using test = await openTestStore();
    const { tasks } = services(test.store);
    test.faults.script(...Array<CommitFault>(200).fill(fault));
    await assert.rejects(
      test.drive(
        tasks.create(WORKSPACE, newTask({ title: "a", tags: ["x", "y"] }), "k"),
      ),
    );
    assert.deepEqual(await rows(test.calm), [], fault);
  }
});

Deno.test("Tasks.create: an answer that was lost or came twice still makes one task", async () => {
  for (const fault of ["loseAck", "twice", "deny", "mute"] as CommitFault[]) {
    using test = await openTestStore();
    const { tasks } = services(test.store);
    test.faults.script(fault);
    const task = await test.drive(
      tasks.create(WORKSPACE, newTask({ title: "a", tags: ["x"] })),
    );
    const { items } = await services(test.calm).tasks.list(
      WORKSPACE,
      {},
      FIRST_PAGE,
    );
    assert.deepEqual(items, [task], fault);
  }
});

Deno.test("Tasks.create: two that need the same missing tag both succeed, and it is there once", async () => {
  using test = await openTestStore();
  const { tags, tasks } = services(test.store);
  await Promise.all(
    ["Field", "field", "FIELD"].map((tag) =>
      tasks.create(WORKSPACE, newTask({ title: tag, tags: [tag] }))
    ),
  );
  const { items } = await tags.list(WORKSPACE, FIRST_PAGE);
  assert.equal(items.length, 1);
  const found = await tasks.list(WORKSPACE, { tag: "fIELD" }, FIRST_PAGE);
  assert.deepEqual(
    found.items.map((task) => task.tags),
    Array(3).fill([items[0].name]),
  );
});

Deno.test("Tasks.create: the same key makes one task, also at the same time; another body is refused", async () => {
  using test = await openTestStore();
  const { tasks } = services(test.store);
  const input = newTask({ title: "once", tags: ["x"] });
  const made = await Promise.all(
    Array.from({ length: 8 }, () => tasks.create(WORKSPACE, input, "key")),
  );
  assert.equal(new Set(made.map(({ id }) => id)).size, 1);
  await assert.rejects(
    tasks.create(WORKSPACE, newTask({ title: "other" }), "key"),
    (error) => code(error) === "idempotency_key_reused",
  );
  const { items } = await tasks.list(WORKSPACE, {}, FIRST_PAGE);
  assert.equal(items.length, 1);
});

Deno.test("Tasks.create: a key is free again after 24 hours, whether the store dropped it or not", async () => {
  using test = await openTestStore();
  const { tasks } = services(test.store);
  const first = await tasks.create(WORKSPACE, newTask({ title: "a" }), "key");
  test.clock.advance(24 * 60 * 60 * 1000);
  const second = await tasks.create(WORKSPACE, newTask({ title: "b" }), "key");
  assert.notEqual(first.id, second.id);
  assert.equal(second.title, "b");
});

Deno.test("Tasks: a deleted tag leaves every task at once, and does not come back with its name", async () => {
  using test = await openTestStore();
  const { tags, tasks } = services(test.store);
  const old = await tasks.create(
    WORKSPACE,
    newTask({ title: "old", tags: ["flood", "keep"] }),
  );
  await tags.delete(WORKSPACE, "FLOOD");
  assert.deepEqual((await tasks.require(WORKSPACE, old.id)).tags, ["keep"]);
  const fresh = await tasks.create(
    WORKSPACE,
    newTask({ title: "new", tags: ["flood"] }),
  );
  assert.deepEqual((await tasks.require(WORKSPACE, old.id)).tags, ["keep"]);
  const found = await tasks.list(WORKSPACE, { tag: "flood" }, FIRST_PAGE);
  assert.deepEqual(found.items.map(({ id }) => id), [fresh.id]);
});

Deno.test("Tasks: a tag deleted while a task is made with it never half exists", async () => {
  using test = await openTestStore();
  const { tags, tasks } = services(test.store);
  for (let round = 0; round < 20; round += 1) {
    await tags.create(WORKSPACE, { name: "contended" });
    const [task] = await Promise.all([
      tasks.create(WORKSPACE, newTask({ title: "a", tags: ["contended"] })),
      tags.delete(WORKSPACE, "contended"),
    ]);
    const { items } = await tags.list(WORKSPACE, FIRST_PAGE);
    const shown = await tasks.require(WORKSPACE, task.id);
    assert.ok(
      shown.tags.every((tag) => items.some(({ name }) => name === tag)),
    );
    if (items.length > 0) await tags.delete(WORKSPACE, "contended");
  }
});

Deno.test("Projects.delete: its tasks stay without a project, and come back with it", async () => {
  using test = await openTestStore();
  const { projects, tasks } = services(test.store);
  const project = await projects.create(WORKSPACE, newProject("River"));
  const task = await tasks.create(
    WORKSPACE,
    newTask({ title: "a", projectId: project.id }),
  );
  await projects.delete(WORKSPACE, project.id, ANY);
  assert.equal((await tasks.require(WORKSPACE, task.id)).projectId, null);
  const none = await tasks.list(
    WORKSPACE,
    { projectId: project.id },
    FIRST_PAGE,
  );
  assert.deepEqual(none.items, []);
  await projects.restore(WORKSPACE, project.id);
  const back = await tasks.list(
    WORKSPACE,
    { projectId: project.id },
    FIRST_PAGE,
  );
  assert.deepEqual(back.items.map(({ id }) => id), [task.id]);
});

Deno.test("Tasks.restore: brings a task back with its tags for five minutes, then no more", async () => {
  using test = await openTestStore();
  const { tasks } = services(test.store);
  const task = await tasks.create(
    WORKSPACE,
    newTask({ title: "a", tags: ["x"], status: "doing" }),
  );
  await tasks.delete(WORKSPACE, task.id, ANY);
  await assert.rejects(tasks.require(WORKSPACE, task.id));
  test.clock.advance(5 * 60_000 - 1);
  const back = await tasks.restore(WORKSPACE, task.id);
  assert.deepEqual([back.tags, back.status], [["x"], "doing"]);
  const found = await tasks.list(WORKSPACE, { status: "doing" }, FIRST_PAGE);
  assert.equal(found.items.length, 1);
  await tasks.delete(WORKSPACE, task.id, ANY);
  test.clock.advance(5 * 60_000);
  await assert.rejects(
    tasks.restore(WORKSPACE, task.id),
    (error) => code(error) === "not_found",
  );
});

Deno.test("Tasks.update: a task is found by what it is now, and by nothing that it was", async () => {
  using test = await openTestStore();
  const { projects, tasks } = services(test.store);
  const [a, b] = await Promise.all([
    projects.create(WORKSPACE, newProject("A")),
    projects.create(WORKSPACE, newProject("B")),
  ]);
  const task = await tasks.create(
    WORKSPACE,
    newTask({ title: "t", projectId: a.id, tags: ["x", "both"] }),
  );
  await tasks.update(
    WORKSPACE,
    task.id,
    { projectId: b.id, tags: ["y", "both"], status: "done" },
    ANY,
  );
  const count = async (query: Parameters<Tasks["list"]>[1]) =>
    (await tasks.list(WORKSPACE, query, FIRST_PAGE)).items.length;
  assert.equal(await count({ projectId: a.id }), 0);
  assert.equal(await count({ tag: "x" }), 0);
  assert.equal(await count({ status: "todo" }), 0);
  assert.equal(await count({ projectId: b.id, tag: "y", status: "done" }), 1);
  await tasks.delete(WORKSPACE, task.id, ANY);
  const kinds = (await rows(test.calm)).map((key) => (key as string[])[1]);
  assert.deepEqual(
    kinds.filter((kind) => ["k", "ks", "kp", "kg"].includes(kind)),
    [],
  );
});

Deno.test("Tasks.list: pages of every filter hold each task once, newest first", async () => {
  using test = await openTestStore();
  const { projects, tasks } = services(test.store);
  const project = await projects.create(WORKSPACE, newProject("P"));
  for (let n = 0; n < 130; n += 1) {
    await tasks.create(
      WORKSPACE,
      newTask({
        title: String(n),
        projectId: n % 2 === 0 ? project.id : null,
        status: n % 3 === 0 ? "done" : "todo",
        tags: n % 5 === 0 ? ["five"] : [],
      }),
    );
  }
  const all = Array.from({ length: 130 }, (_, n) => 129 - n);
  for (
    const [query, expected] of [
      [{}, all],
      [{ projectId: project.id }, all.filter((n) => n % 2 === 0)],
      [{ status: "done" }, all.filter((n) => n % 3 === 0)],
      [{ tag: "five" }, all.filter((n) => n % 5 === 0)],
      [
        { projectId: project.id, status: "done", tag: "five" },
        all.filter((n) => n % 30 === 0),
      ],
    ] as const
  ) {
    const titles: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await tasks.list(WORKSPACE, query, { limit: 7, cursor });
      assert.ok(page.items.length <= 7);
      titles.push(...page.items.map(({ title }) => title));
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.deepEqual(titles, expected.map(String), JSON.stringify(query));
  }
});

Deno.test("Tasks: another space's project and task are not there", async () => {
  using test = await openTestStore();
  const { projects, tasks } = services(test.store);
  const project = await projects.create("wsp_other", newProject("Theirs"));
  const task = await tasks.create("wsp_other", newTask({ title: "theirs" }));
  for (
    const call of [
      () =>
        tasks.create(WORKSPACE, newTask({ title: "a", projectId: project.id })),
      () =>
        tasks.create(
          WORKSPACE,
          newTask({ title: "a", threadId: newId("thr") }),
        ),
      () => tasks.require(WORKSPACE, task.id),
      () => tasks.update(WORKSPACE, task.id, { title: "mine" }, ANY),
      () => tasks.delete(WORKSPACE, task.id, ANY),
      () => tasks.restore(WORKSPACE, task.id),
      () => projects.require(WORKSPACE, project.id),
      () => tasks.require(WORKSPACE, "tsk_" + "x".repeat(5_000)),
    ]
  ) {
    await assert.rejects(call(), (error) => code(error) === "not_found");
  }
  assert.deepEqual(await rows(test.calm), []);
});

/** A store whose commits each take as long as over a slow line. */
class SlowKv extends WrappedKv {
  readonly delayMs: number;

  constructor(inner: Deno.Kv, delayMs: number) {
    super(inner);
    this.delayMs = delayMs;
  }

  override atomic(): Deno.AtomicOperation {
    return new SlowAtomic(this.inner.atomic(), this.delayMs);
  }
}

class SlowAtomic extends WrappedAtomic {
  readonly #delayMs: number;

  constructor(inner: Deno.AtomicOperation, delayMs: number) {
    super(inner);
    this.#delayMs = delayMs;
  }

  override async commit(): Promise<
    Deno.KvCommitResult | Deno.KvCommitError
  > {
    await new Promise((resolve) => setTimeout(resolve, this.#delayMs));
    return await super.commit();
  }
}

Deno.test("Tasks.create: 100 at once over slow commits take less than three times one", async () => {
  const store = await openStore({
    location: ":memory:",
    // Slow enough that a busy machine adds little to it.
    wrap: (kv) => new SlowKv(kv, 400),
  });
  const { tasks } = services(store);
  const create = (n: number) =>
    tasks.create(
      WORKSPACE,
      newTask({ title: `task ${n}`, tags: ["shared", `own-${n}`] }),
      `key-${n}`,
    );
  const measure = async (work: () => Promise<unknown>) => {
    const startedAtMs = performance.now();
    await work();
    return performance.now() - startedAtMs;
  };
  try {
    const oneMs = await measure(() => create(-1));
    const allMs = await measure(() =>
      Promise.all(Array.from({ length: 100 }, (_, n) => create(n)))
    );
    assert.ok(allMs < 3 * oneMs, `${allMs} ms against ${oneMs} ms for one`);
  } finally {
    store.close();
  }
});
