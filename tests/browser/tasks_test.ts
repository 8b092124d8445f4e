/** Projects and tasks in a real browser: with scripts, without, in every dress, and from two tabs. */
import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import type { Page as ListPage, Project, Task } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  DESKTOP,
  PHONE,
  startBrowser,
  type TestBrowser,
} from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";

const DRESSES: [name: string, options: BrowserContextOptions][] = [
  ["desktop light", { viewport: DESKTOP, colorScheme: "light" }],
  ["phone dark", {
    viewport: PHONE,
    colorScheme: "dark",
    hasTouch: true,
    isMobile: true,
  }],
];

async function make<T>(app: TestApp, path: string, body: unknown): Promise<T> {
  const response = await app.post(path, body);
  assert.equal(response.status, 201);
  return await response.json();
}

async function listTasks(app: TestApp): Promise<Task[]> {
  const list: ListPage<Task> = await (await app.fetch("/api/tasks")).json();
  return list.items;
}

/**
 * Opens the page of tasks far from the server's time zone, and waits until it shows a due date as it is
 * there: then its script is up. One of the tasks has to be due at `NOON_DUE`.
 */
async function openAwake(browser: TestBrowser, url: string) {
  const opened = await browser.open(url, { timezoneId: FAR_ZONE });
  await opened.page.getByText("Due 2 Dec 2031").first().waitFor();
  return opened;
}

/** A day later than in any zone but those at the date line. */
const FAR_ZONE = "Pacific/Kiritimati";
const NOON_DUE = "2031-12-01T12:00:00Z";

const titles = (page: Page) => page.locator(".task-title").allTextContents();

Deno.test("tasks page: without scripts a task is made, found, changed, done, deleted and back", async () => {
  await using app = await startApp();
  await make(app, "/api/projects", { name: "River" });
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/tasks`, {
    javaScriptEnabled: false,
  });
  const form = page.getByRole("form", { name: "New task" });
  await form.getByLabel("Title").fill("Check the gauge");
  await form.getByLabel("Project").selectOption("River");
  await form.locator("summary").click();
  await form.getByLabel("Notes").fill("At noon.\nTake the key.");
  await form.getByLabel("Tags").fill("field, #station 14");
  await form.getByLabel("Due").fill("2031-12-01");
  await form.getByRole("button", { name: "Add task" }).click();
  assert.deepEqual(await titles(page), ["Check the gauge"]);
  const row = page.locator(".task");
  assert.match(
    (await row.textContent())!,
    /River.*Due 1 Dec 2031.*field.*station 14.*At noon\.\nTake the key\./s,
  );

  await row.getByRole("link", { name: "station 14" }).click();
  assert.match(page.url(), /\?tag=station\+14$/);
  assert.deepEqual(await titles(page), ["Check the gauge"]);
  await page.getByRole("link", { name: "Done", exact: true }).click();
  await page.getByRole("heading", { name: "No tasks here" }).waitFor();
  await page.getByRole("link", { name: "Show all tasks" }).click();

  await page.getByRole("link", { name: "Check the gauge" }).click();
  await page.getByLabel("Title").fill("Check it twice");
  await page.getByRole("radio", { name: "Doing" }).check();
  await page.getByRole("button", { name: "Save task" }).click();
  assert.deepEqual(await titles(page), ["Check it twice"]);
  assert.equal((await listTasks(app))[0].status, "doing");

  await page.getByRole("button", { name: "Mark done: Check it twice" }).click();
  await page.getByRole("button", { name: "Reopen: Check it twice" }).waitFor();
  await page.getByRole("button", { name: "Delete task: Check it twice" })
    .click();
  assert.deepEqual(await titles(page), []);
  await page.getByRole("button", { name: "Undo" }).click();
  assert.deepEqual(await titles(page), ["Check it twice"]);
  await page.getByRole("link", { name: "field" }).click();
  await page.getByText("Delete this tag").click();
  await page.getByRole("button", { name: "Delete tag “field”" }).click();
  assert.equal(await page.getByRole("link", { name: "field" }).count(), 0);
  const [{ status, notes, tags }] = await listTasks(app);
  assert.deepEqual(
    [status, notes, tags],
    ["done", "At noon.\nTake the key.", ["station 14"]],
  );
});

Deno.test("tasks page: a form that is refused says why and keeps what was typed", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/tasks`, {
    javaScriptEnabled: false,
  });
  const form = page.getByRole("form", { name: "New task" });
  await form.locator("summary").click();
  await form.getByLabel("Title").fill("t".repeat(201));
  await form.getByLabel("Tags").fill(
    Array.from({ length: 21 }, (_, n) => `t${n}`).join(","),
  );
  await form.getByRole("button", { name: "Add task" }).click();
  assert.equal(await form.getByLabel("Title").inputValue(), "t".repeat(201));
  assert.match(await form.getByLabel("Tags").inputValue(), /^t0,t1,/);
  await page.getByText("Must have at most 200 characters").waitFor();
  await page.getByText("Must be at most 20 tags").waitFor();
  assert.deepEqual(await listTasks(app), []);
});

Deno.test("tasks page: a change made from an old version is shown again, and counts the second time", async () => {
  await using app = await startApp();
  const task: Task = await make(app, "/api/tasks", { title: "a" });
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/tasks?edit=${task.id}`);
  await app.fetch(`/api/tasks/${task.id}`, {
    method: "PATCH",
    headers: { "if-match": "*", "content-type": "application/json" },
    body: JSON.stringify({ title: "theirs" }),
  });
  await page.getByLabel("Title").fill("mine");
  await page.getByRole("button", { name: "Save task" }).click();
  await page.getByRole("alert").getByText("It was changed meanwhile").waitFor();
  assert.equal((await listTasks(app))[0].title, "theirs");
  assert.equal(await page.getByLabel("Title").inputValue(), "mine");
  await page.getByRole("button", { name: "Save task" }).click();
  await page.getByRole("heading", { name: "Tasks", exact: true }).waitFor();
  assert.equal((await listTasks(app))[0].title, "mine");
});

Deno.test("tasks page: with scripts a task is done, deleted and back in place, by keyboard", async () => {
  await using app = await startApp();
  for (const title of ["first", "second", "third"]) {
    await make(app, "/api/tasks", { title, dueAt: NOON_DUE });
  }
  await using browser = await startBrowser();
  const { page, errors } = await openAwake(browser, `${app.url}/tasks`);
  await page.evaluate(() => Reflect.set(globalThis, "isSamePage", true));
  await page.getByRole("button", { name: "Mark done: second" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Reopen: second" }).waitFor();
  await page.getByRole("button", { name: "Start: first" }).click();
  await page.locator(".task", { hasText: "first" }).getByText("Doing")
    .waitFor();
  await page.getByRole("button", { name: "Delete task: second" }).focus();
  await page.keyboard.press("Enter");
  await waitFor(
    "focus on Undo",
    () => page.evaluate(() => document.activeElement?.textContent === "Undo"),
  );
  assert.deepEqual(await titles(page), ["third", "first"]);
  await page.keyboard.press("Enter");
  await waitFor(
    "the task in its place",
    async () => (await titles(page)).join() === "third,second,first",
  );
  assert.deepEqual(
    (await listTasks(app)).map(({ status }) => status),
    ["todo", "done", "doing"],
  );
  assert.ok(
    await page.evaluate(() => Reflect.get(globalThis, "isSamePage")),
    "the page was loaded again",
  );
  assert.deepEqual(errors, []);
});

Deno.test("tasks page: a task that another tab changed is not changed unseen", async () => {
  await using app = await startApp();
  await make(app, "/api/tasks", { title: "shared", dueAt: NOON_DUE });
  await using browser = await startBrowser();
  const [here, there] = await Promise.all([
    openAwake(browser, `${app.url}/tasks`),
    openAwake(browser, `${app.url}/tasks`),
  ]);
  await there.page.getByRole("button", { name: "Start: shared" }).click();
  await there.page.getByText("Doing").first().waitFor();
  await here.page.getByRole("button", { name: "Delete task: shared" }).click();
  await here.page.locator(".toast").getByText("was changed elsewhere")
    .waitFor();
  assert.deepEqual(await titles(here.page), ["shared"]);
  await here.page.getByRole("link", { name: "Show it as it is now" }).click();
  await here.page.locator(".task").getByText("Doing").waitFor();
});

Deno.test("tasks page: a day that is due is the viewer's day, also in another time zone", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/tasks`, {
    timezoneId: FAR_ZONE,
  });
  await page.locator(`input[name=timeZone][value="${FAR_ZONE}"]`)
    .waitFor({ state: "attached" });
  const form = page.getByRole("form", { name: "New task" });
  await form.getByLabel("Title").fill("far away");
  await form.locator("summary").click();
  await form.getByLabel("Due").fill("2031-12-01");
  await form.getByRole("button", { name: "Add task" }).click();
  await page.getByText("Due 1 Dec 2031").waitFor();
  const [{ dueAt }] = await listTasks(app);
  assert.equal(dueAt, "2031-12-01T09:59:00.000Z");
  await page.getByRole("link", { name: "far away" }).click();
  await waitFor(
    "the viewer's day",
    async () => await page.getByLabel("Due").inputValue() === "2031-12-01",
  );
});

Deno.test("tasks page: a task outlives its thread, and shows no link to it", async () => {
  await using app = await startApp();
  const thread = await make<{ id: string }>(app, "/api/threads", {
    title: "Crest",
  });
  await make(app, "/api/tasks", { title: "a", threadId: thread.id });
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/tasks`);
  await page.locator(".task").getByRole("link", { name: "Crest" }).waitFor();
  const gone = await app.fetch(`/api/threads/${thread.id}`, {
    method: "DELETE",
    headers: { "if-match": "*" },
  });
  assert.ok(gone.ok, String(gone.status));
  await gone.body?.cancel();
  await page.reload();
  assert.deepEqual(await titles(page), ["a"]);
  assert.equal(
    await page.locator(".task").getByRole("link", { name: "Crest" }).count(),
    0,
  );
});

Deno.test("project page: without scripts one is made, changed, given a task, deleted and back", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/projects`, {
    javaScriptEnabled: false,
  });
  await page.getByRole("heading", { name: "No projects yet" }).waitFor();
  await page.getByLabel("Name").fill("River");
  await page.getByRole("radio", { name: "Ochre" }).check({ force: true });
  await page.getByRole("button", { name: "Create project" }).click();
  await page.getByRole("heading", { name: "River", level: 1 }).waitFor();

  await page.getByLabel("Name").fill("Gauges");
  await page.getByLabel("System prompt").fill("Answer in metres.");
  await page.getByLabel("Default model").selectOption({ index: 1 });
  await page.getByRole("button", { name: "Save project" }).click();
  await page.getByText("Project saved").waitFor();
  const { items: [project] }: ListPage<Project> = await (await app.fetch(
    "/api/projects",
  )).json();
  assert.deepEqual(
    [project.name, project.color, project.systemPrompt, project.defaultModel],
    ["Gauges", "ochre", "Answer in metres.", "freshet/demo"],
  );

  await page.getByLabel("Title").fill("A task of it");
  await page.getByRole("button", { name: "Add task" }).click();
  assert.match(page.url(), new RegExp(`/projects/${project.id}$`));
  assert.deepEqual(await titles(page), ["A task of it"]);
  assert.equal((await listTasks(app))[0].projectId, project.id);

  await page.getByRole("button", { name: "Start a thread" }).click();
  await page.waitForURL(/\/c\/thr_/);
  await page.goBack();
  await page.reload();
  const threads = page.getByRole("region", { name: "Threads" });
  await threads.getByRole("link", { name: "New thread" }).waitFor();

  await page.getByRole("button", { name: "Delete project" }).click();
  await page.getByRole("heading", { name: "No projects yet" }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("heading", { name: "Gauges", level: 1 }).waitFor();
  assert.deepEqual(await titles(page), ["A task of it"]);
});

Deno.test("tasks page: more tasks than a page holds are found by going on", async () => {
  await using app = await startApp();
  for (let n = 0; n < 120; n += 1) {
    await make(app, "/api/tasks", { title: `task ${n}` });
  }
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/tasks?status=todo`);
  const seen = await titles(page);
  for (let more = 0; more < 2; more += 1) {
    await page.getByRole("link", { name: "Show more" }).click();
    await page.getByRole("link", { name: "Newest" }).waitFor();
    await waitFor(
      "other tasks",
      async () => !seen.includes((await titles(page))[0]),
    );
    seen.push(...await titles(page));
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 120 }, (_, n) => `task ${119 - n}`),
  );
  assert.equal(await page.getByRole("link", { name: "Show more" }).count(), 0);
});

Deno.test("project and task pages: accessible and not too wide in every state and dress", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const look = async (name: string, path: string) => {
    for (const [dress, options] of DRESSES) {
      const { page, errors } = await browser.open(app.url + path, options);
      await page.waitForLoadState("load");
      await page.evaluate(() => document.fonts.ready);
      await page.evaluate(() =>
        new Promise((done) => requestIdleCallback(done))
      );
      await assertAccessible(page, `${name}, ${dress}`);
      await assertNoSidewaysScroll(page, `${name}, ${dress}`);
      assert.deepEqual(errors, [], `${name}, ${dress}`);
      await page.context().close();
    }
  };
  await look("no tasks", "/tasks");
  await look("no projects", "/projects");
  const project: Project = await make(app, "/api/projects", {
    name: "A name that is long ".repeat(5),
    color: "#0ea5e9",
    systemPrompt: "Answer in metres.",
  });
  const thread = await make<{ id: string }>(app, "/api/threads", {
    title: "How can I detect the crest of a flood without a false alarm?",
  });
  const task: Task = await make(app, "/api/tasks", {
    title: "Words_that_never_break_".repeat(8),
    projectId: project.id,
    notes: "A note. ".repeat(60),
    tags: Array.from({ length: 20 }, (_, n) => `a tag with the number ${n}`),
    dueAt: "2020-01-01T00:00:00Z",
    threadId: thread.id,
  });
  await make(app, "/api/tasks", { title: "plain", status: "doing" });
  await make(app, "/api/tasks", { title: "over", status: "done" });
  await look("tasks", "/tasks");
  await look("no such tasks", "/tasks?tag=none&status=done");
  await look("tag", `/tasks?tag=${encodeURIComponent(task.tags[0])}`);
  await look("edit", `/tasks?edit=${task.id}`);
  await look("deleted", `/tasks?deleted=${task.id}`);
  await look("projects", "/projects");
  await look("project", `/projects/${project.id}`);
  await look("project deleted", `/projects?deleted=${project.id}`);
});

Deno.test("tasks page: several are ticked off while the server still works on the first", async () => {
  await using app = await startApp();
  for (const title of ["first", "second", "third"]) {
    await make(app, "/api/tasks", { title, dueAt: NOON_DUE });
  }
  await using browser = await startBrowser();
  const { page } = await openAwake(browser, `${app.url}/tasks`);
  const released = Promise.withResolvers<void>();
  await page.route("**/api/tasks/*", async (route) => {
    await released.promise;
    await route.continue();
  });
  for (const title of ["first", "second", "third"]) {
    await page.getByRole("button", { name: `Mark done: ${title}` }).click();
  }
  released.resolve();
  await page.getByRole("button", { name: /^Reopen/ }).nth(2).waitFor();
  assert.deepEqual(
    (await listTasks(app)).map(({ status }) => status),
    ["done", "done", "done"],
  );
});
