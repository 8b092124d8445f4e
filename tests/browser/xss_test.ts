/**
 * Texts that would run, load or send something in a page that took them for markup, in every place where
 * people, programs or models can put one, in a real browser.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { newApiKeySchema } from "@/lib/auth/api_key_input.ts";
import type { Caller } from "@/lib/auth/caller.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { TestApp } from "../support/app.ts";
import { startBrowser, type TestBrowser } from "../support/browser.ts";
import {
  ask,
  followRun,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import { answered, askOn, shows } from "../support/chat_page.ts";
import { SHORT_CORPUS, xssCorpus } from "../support/xss_corpus.ts";
import { OWNER, signIn, startPeople } from "./people_rig.ts";

const MAX_TITLE_CHARACTERS = 200;

/** A server that nothing may ask. */
interface Canary extends AsyncDisposable {
  url: string;
  asked: string[];
}

function startCanary(): Canary {
  const asked: string[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      asked.push(request.url);
      return new Response("alert(1)");
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** What went wrong on a page since it was opened. */
interface Watched {
  page: Page;
  troubles: string[];
}

async function watch(browser: TestBrowser): Promise<Watched> {
  const { page } = await browser.open("about:blank");
  const troubles: string[] = [];
  const tell = (trouble: string) => troubles.push(`${page.url()}: ${trouble}`);
  page.on("dialog", (dialog) => {
    tell(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => tell(String(error)));
  await page.exposeFunction("tellViolation", tell);
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const { tellViolation } = globalThis as unknown as {
        tellViolation: (text: string) => void;
      };
      tellViolation(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return { page, troubles };
}

/** What no element of a page of ours has, whatever it shows. */
function markupTroubles(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const own = location.origin;
    const loads = ["src", "srcset", "poster", "data", "background"];
    const leads = ["href", "xlink:href", "action", "formaction"];
    for (const element of document.querySelectorAll("*")) {
      const tag = element.localName;
      for (const { name, value } of element.attributes) {
        const isHandler = name.startsWith("on") || name === "srcdoc";
        const address = URL.parse(value, own);
        const isBad = isHandler ||
          (leads.includes(name) && address !== null &&
            !/^(https?|mailto):$/.test(address.protocol)) ||
          (loads.includes(name) && address !== null &&
            address.origin !== own && !value.startsWith("data:image/"));
        if (isBad) found.push(`<${tag} ${name}="${value}">`);
      }
      if (/^(iframe|object|embed|base|portal|frame)$/.test(tag)) {
        found.push(`<${tag}>`);
      }
    }
    return found;
  });
}

async function assertHarmless(watched: Watched, url: string): Promise<void> {
  await watched.page.goto(url, { waitUntil: "load" });
  // The islands are alive when what they do at their start has been done.
  await watched.page.waitForFunction(() => document.readyState === "complete");
  await watched.page.evaluate(() =>
    new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))
  );
  assert.deepEqual(await markupTroubles(watched.page), [], url);
  assert.deepEqual(watched.troubles, [], url);
}

async function make(app: TestApp, path: string, body: unknown) {
  const response = await app.post(path, body);
  const text = await response.text();
  assert.equal(response.status, 201, `${path} ${text}`);
  return JSON.parse(text);
}

Deno.test("XSS corpus: as questions, answers, titles, names, notes and tags it stays text", async () => {
  await using canary = startCanary();
  const corpus = xssCorpus(canary.url);
  await using rig = await startChat();
  const { app } = rig;
  const talk = await newThread(app, { title: corpus[0] });
  for (const text of corpus) {
    // The model says again what it is asked.
    const { run } = await ask(app, talk.id, { message: { content: text } });
    await followRun(app, run.id);
  }
  const project = await make(app, "/api/projects", {
    name: SHORT_CORPUS[0],
    systemPrompt: corpus.join("\n"),
  });
  for (const name of SHORT_CORPUS) {
    await make(app, "/api/projects", { name });
    await make(app, "/api/tags", { name });
  }
  const tasks: string[] = [];
  for (const text of corpus) {
    const title = text.replaceAll(/\s/g, " ").trim().slice(
      0,
      MAX_TITLE_CHARACTERS,
    );
    await make(app, "/api/threads", { title, projectId: project.id });
    const { id } = await make(app, "/api/tasks", {
      title,
      notes: text,
      tags: SHORT_CORPUS,
      projectId: project.id,
    });
    tasks.push(id);
  }

  await using browser = await startBrowser();
  const watched = await watch(browser);
  const paths = [
    "/",
    `/c/${talk.id}`,
    "/projects",
    `/projects/${project.id}`,
    "/tasks",
    `/tasks?edit=${tasks[0]}`,
    "/settings",
    ...SHORT_CORPUS.flatMap((text) => {
      const value = encodeURIComponent(text);
      return [`/tasks?tag=${value}`, `/search?q=${value}`, `/c/${value}`];
    }),
    ...["alert", "onerror", "javascript", "script"].map((word) =>
      `/search?q=${word}`
    ),
  ];
  for (const path of paths) await assertHarmless(watched, app.url + path);
  assert.deepEqual(canary.asked, []);
});

Deno.test("XSS corpus: it stays text while it streams in, and after client navigation", async () => {
  await using canary = startCanary();
  await using rig = await startChat({ behaviour: { tokensPerSecond: 2_000 } });
  await using browser = await startBrowser();
  const watched = await watch(browser);
  const { page } = watched;
  const corpus = xssCorpus(canary.url);
  // Several at a time, each in a block of its own, so that an unfinished one meets those that follow.
  const size = 12;
  await page.goto(rig.app.url);
  for (let from = 0; from < corpus.length; from += size) {
    const part = corpus.slice(from, from + size).join("\n\n");
    await askOn(page, `part ${from}.\n\n${part}`);
    await shows(page, `part ${from}.`);
    await answered(page);
    assert.deepEqual(await markupTroubles(page), [], `part ${from}`);
  }
  await page.getByRole("link", { name: "Tasks" }).first().click();
  await page.waitForURL(`${rig.app.url}/tasks`);
  await page.goBack();
  await shows(page, "part 0.");
  assert.deepEqual(await markupTroubles(page), []);
  assert.deepEqual(watched.troubles, []);
  assert.deepEqual(canary.asked, []);
});

Deno.test("XSS corpus: the watch sees what it watches for", async () => {
  await using canary = startCanary();
  await using rig = await startChat();
  await using browser = await startBrowser();
  const watched = await watch(browser);
  await watched.page.goto(rig.app.url);
  await watched.page.evaluate((url) => {
    const image = document.createElement("img");
    image.src = `${url}/x.png`;
    const script = document.createElement("script");
    script.textContent = "alert(1)";
    document.body.append(image, script);
    document.body.setAttribute("onclick", "alert(1)");
  }, canary.url);
  const found = await markupTroubles(watched.page);
  assert.equal(found.length, 2, found.join(" "));
  await watched.page.waitForFunction(() => true);
  assert.match(watched.troubles.join(" "), /img-src/);
  assert.match(watched.troubles.join(" "), /script-src/);
  assert.deepEqual(canary.asked, []);
});

Deno.test("XSS corpus: as names of people, groups, keys and workspaces, and in addresses of their pages", async () => {
  await using app = await startPeople();
  const { services } = app;
  const owner = (await services.users.findByEmail(OWNER.email))!;
  const caller: Caller = {
    mode: "password",
    workspace: FIRST_WORKSPACE,
    user: owner.id,
    role: "owner",
    isOperator: true,
    groups: [],
    key: null,
    session: null,
    address: "127.0.0.1",
  };
  for (const [index, name] of SHORT_CORPUS.entries()) {
    await services.users.create(caller, FIRST_WORKSPACE, {
      email: `user${index}@hydro.example`,
      name,
      password: OWNER.password,
      role: "member",
      groups: [],
    });
    await services.groups.create(caller, { name });
    await services.workspaces.create(caller, { name });
    await services.apiKeys.create(caller, newApiKeySchema.parse({ name }));
  }
  await services.users.rename(caller, SHORT_CORPUS[0]);
  await using browser = await startBrowser();
  const watched = await watch(browser);
  for (const text of SHORT_CORPUS) {
    const value = encodeURIComponent(text);
    for (
      const path of [
        `/signin?next=${value}&error=${value}&done=${value}`,
        `/setup?token=${value}`,
        `/invite?token=${value}`,
        `/reset?token=${value}`,
        `/${value}`,
      ]
    ) await assertHarmless(watched, app.url + path);
  }
  await watched.page.goto(`${app.url}/signin`);
  await signIn(watched.page);
  await watched.page.waitForURL(`${app.url}/`);
  for (
    const path of [
      "/",
      "/settings",
      "/workspaces",
      "/admin/users",
      `/admin/users/${owner.id}`,
      "/admin/groups",
      "/admin/keys",
      "/admin/limits",
      "/admin/audit",
      "/admin/settings",
      ...SHORT_CORPUS.map((text) =>
        `/admin/users?q=${encodeURIComponent(text)}`
      ),
    ]
  ) await assertHarmless(watched, app.url + path);
});
