/**
 * Vite's development server on the fixture. Runs only where the suite starts that server itself, so not
 * with FRESH_BASE_URL.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import {
  hydrated,
  launchBrowser,
  showsText,
  withPage,
} from "./support/browser.ts";
import { type RunningFixture, startDevFixture } from "./support/fixture.ts";
import { eventually, sender } from "./support/http.ts";

const ignore = Deno.env.has("FRESH_BASE_URL");
const STREAM_DEADLINE_MS = 30_000;
let fixture: RunningFixture | undefined;
let browser: Browser | undefined;

const baseUrl = () => {
  if (fixture === undefined) throw new Error("The fixture is not running");
  return fixture.url;
};
const send = sender(baseUrl);

if (!ignore) {
  Deno.test.beforeAll(async () => {
    [fixture, browser] = await Promise.all([
      startDevFixture(),
      launchBrowser(),
    ]);
    // The first page makes Vite bundle its dependencies, after which it reloads.
    await withPage(browser, async (page) => {
      await page.goto(`${baseUrl()}/islands/counter`);
      await hydrated(page, "one");
    });
  });
  Deno.test.afterAll(async () => {
    await browser?.close();
    await fixture?.stop();
  });
}

function devPageTest(
  name: string,
  path: string,
  body: (page: Page) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore,
    // The browser and its socket outlive each test.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      assert.ok(browser);
      await withPage(browser, async (page) => {
        await page.goto(baseUrl() + path);
        await body(page);
      });
    },
  });
}

/** Replaces text in a source file of the running app. */
async function edit(file: string, from: string, to: string): Promise<void> {
  assert.ok(fixture?.folder);
  const path = join(fixture.folder, file);
  const source = await Deno.readTextFile(path);
  assert.ok(source.includes(from));
  await Deno.writeTextFile(path, source.replace(from, to));
}

devPageTest(
  "vite dev: an edited island is replaced and keeps its state",
  "/islands/stateful",
  async (page) => {
    await hydrated(page, "stateful");
    await page.click("#stateful button");
    await page.click("#stateful button");
    await showsText(page, "#stateful output", "2");
    await page.evaluate(() => document.body.dataset.notReloaded = "yes");
    await edit("islands/Stateful.tsx", "Add one", "Add another");
    await showsText(page, "#stateful button", "Add another");
    await showsText(page, "#stateful output", "2");
    assert.equal(
      await page.evaluate(() => document.body.dataset.notReloaded),
      "yes",
    );
    await page.click("#stateful button");
    await showsText(page, "#stateful output", "3");
  },
);

devPageTest(
  "vite dev: an edited route reloads the page",
  "/islands/lazy",
  async (page) => {
    await hydrated(page, "lazy");
    await edit(
      "routes/islands/lazy.tsx",
      "return <Lazy />;",
      'return <div id="edited"><Lazy /></div>;',
    );
    await page.locator("#edited").waitFor();
    await hydrated(page, "lazy");
  },
);

devPageTest(
  "vite dev: an edited style sheet applies",
  "/islands/counter",
  async (page) => {
    await hydrated(page, "one");
    await edit("assets/styles.css", "rgb(1, 2, 3)", "rgb(4, 5, 6)");
    await page.waitForFunction(() => {
      const element = document.querySelector("#one");
      return element !== null &&
        getComputedStyle(element).color === "rgb(4, 5, 6)";
    });
  },
);

devPageTest(
  "vite dev: islands work under a policy with nonces",
  "/nonce/counter",
  async (page) => {
    await hydrated(page, "under-nonce");
    await page.click("#under-nonce button");
    await showsText(page, "#under-nonce output", "2");
  },
);

Deno.test({
  name: "vite dev: an error in a source file ends with its repair",
  ignore,
  async fn() {
    const file = "routes/files/function.ts";
    assert.equal((await send("/files/function")).text, "GET");
    await edit(file, "=> ctx.text", "=>> ctx.text");
    await eventually(
      "the broken route fails",
      async () => (await send("/files/function")).status === 500,
    );
    await edit(file, "=>> ctx.text", "=> ctx.text");
    await eventually(
      "the repaired route answers",
      async () => (await send("/files/function")).text === "GET",
    );
  },
});

Deno.test({
  name: "vite dev: serves static files, routes and error pages",
  ignore,
  async fn() {
    assert.equal((await send("/hello.txt")).text, "plain text\n");
    assert.equal((await send("/item/7")).status, 200);
    assert.equal(
      (await send("/methods", { method: "POST", body: "x" })).text,
      "POST x",
    );
    assert.deepEqual((await send("/cookies/set")).headers.getSetCookie(), [
      "a=1; Path=/",
      "b=2; HttpOnly; Path=/",
    ]);
    const missing = await send("/no/such/page");
    assert.equal(missing.status, 404);
    assert.match(missing.text, /Nothing here/);
  },
});

Deno.test({
  name: "vite dev: a file added to the routes folder is served",
  ignore,
  async fn() {
    assert.ok(fixture?.folder);
    assert.equal((await send("/added")).status, 404);
    const path = join(fixture.folder, "routes", "added.ts");
    await Deno.writeTextFile(
      path,
      'export const handler = () => new Response("added");\n',
    );
    await eventually(
      "the new route answers",
      async () => (await send("/added")).text === "added",
    );
    await Deno.remove(path);
    await eventually(
      "the removed route is gone",
      async () => (await send("/added")).status === 404,
    );
  },
});

Deno.test({
  name: "vite dev: streams, and a hang-up aborts the request's signal",
  ignore,
  async fn() {
    const id = crypto.randomUUID();
    const hangUp = new AbortController();
    const deadline = AbortSignal.timeout(STREAM_DEADLINE_MS);
    const response = await fetch(`${baseUrl()}/stream/events/${id}`, {
      signal: AbortSignal.any([hangUp.signal, deadline]),
    });
    assert.ok(response.body);
    const reader = response.body.pipeThrough(new TextDecoderStream())
      .getReader();
    assert.equal((await reader.read()).value, "data: first\n\n");
    hangUp.abort();
    await reader.closed.catch(() => {});
    await eventually("the signal is aborted", async () => {
      const { text } = await send(`/stream/state/${id}`);
      return JSON.parse(text).aborted;
    });
  },
});
