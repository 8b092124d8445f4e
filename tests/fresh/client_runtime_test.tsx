/** The browser side of lib/fresh in Chromium: what the server wrote comes to life as it was meant. */
import assert from "node:assert/strict";
import { computed, signal } from "@preact/signals";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { App } from "fresh";
import { Head } from "fresh/runtime";
import { setBuildSnapshot } from "../../lib/fresh/snapshot.ts";
import * as islands from "./client_runtime/islands.tsx";

const { Broken, Counter, Kinds, Outer, Panel, Titled, Torn } = islands;
const DEADLINE_MS = 20_000;

async function bundleBrowserCode(): Promise<string> {
  const nodeEnvironment = Deno.env.get("NODE_ENV");
  const here = new URL("./client_runtime/", import.meta.url).pathname;
  const result = await build({
    configFile: false,
    logLevel: "error",
    root: here,
    esbuild: { jsx: "automatic", jsxImportSource: "preact" },
    build: {
      write: false,
      minify: false,
      lib: { entry: `${here}browser_entry.ts`, formats: ["es"] },
    },
  });
  // Vite leaves this behind, and tests that run after this one start servers of their own.
  if (nodeEnvironment === undefined) Deno.env.delete("NODE_ENV");
  const [output] = Array.isArray(result) ? result : [result];
  if (!("output" in output)) throw new Error("Expected a finished build");
  return output.output[0].code;
}

function publishSnapshot(): void {
  setBuildSnapshot({
    mode: "production",
    buildId: "test",
    root: "/",
    clientEntry: "/client.js",
    clientCss: [],
    routes: [],
    staticFile: () => null,
    islands: Object.entries(islands).map(([name, component]) => ({
      name,
      exportName: name,
      component,
      url: "/client.js",
      css: [],
    })),
  });
}

function TestPage() {
  const count = signal(3);
  const shared = { a: 1 };
  const cycle: { self?: unknown; shared?: unknown } = { shared };
  cycle.self = cycle;
  const sparse: unknown[] = [];
  sparse[1] = "x";
  return (
    <main>
      <Head>
        <title>Server title</title>
        <meta name="description" content="server" />
      </Head>
      <Counter id="first" count={count} />
      <Counter id="second" count={count} />
      <Outer count={count} />
      <Panel id="open" isOpen title={<em>rich title</em>}>
        <p title="a &amp; b">in a slot &lt;tag&gt;</p>
        <input type="checkbox" checked disabled />
        <Counter id="in-open-slot" count={count} />
      </Panel>
      <Panel id="closed" isOpen={false}>
        <p>waiting</p>
        <Counter id="in-closed-slot" count={count} />
        <Panel id="inner-panel" isOpen>
          <i>slot in a slot</i>
        </Panel>
      </Panel>
      <Kinds
        cycle={cycle}
        shared={shared}
        date={new Date(0)}
        url={new URL("https://example.com/x")}
        regexp={/a\/b/gi}
        bytes={new Uint8Array([0, 128, 255])}
        set={new Set([1, "1", shared])}
        map={new Map<unknown, unknown>([["k", shared]])}
        numbers={[NaN, Infinity, -Infinity, -0, 0]}
        big={12345678901234567890n}
        sparse={sparse}
        missing={undefined}
        nothing={null}
        computed={computed(() => count.value + 1)}
      />
      <Titled />
    </main>
  );
}

/** One island that fails, and one that the parser tears apart: a `div` cannot be in a `p`. */
function DamagedPage() {
  const count = signal(0);
  return (
    <main>
      <Broken />
      <p>
        <Torn />
      </p>
      <Counter id="first" count={count} />
    </main>
  );
}

interface Running {
  page: Page;
  problems: string[];
}

async function withPage(
  path: string,
  body: (running: Running) => Promise<void>,
) {
  publishSnapshot();
  const code = await bundleBrowserCode();
  const app = new App()
    .get("/favicon.ico", () => new Response(null, { status: 204 }))
    .get(
      "/client.js",
      () =>
        new Response(code, { headers: { "content-type": "text/javascript" } }),
    )
    .get("/damaged", (ctx) => ctx.render(<DamagedPage />))
    .get("/", (ctx) => ctx.render(<TestPage />));
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    app.handler(),
  );
  const browser: Browser = await chromium.launch({
    executablePath: Deno.env.get("CHROMIUM_PATH") ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(DEADLINE_MS);
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${server.addr.port}${path}`);
    await page.waitForSelector('#first[data-hydrated="yes"]');
    await body({ page, problems });
  } finally {
    await browser.close();
    await server.shutdown();
  }
}

const text = (page: Page, selector: string) =>
  page.locator(selector).textContent();

async function waitForText(page: Page, selector: string, expected: string) {
  await page.waitForFunction(
    ([selector, expected]) =>
      document.querySelector(selector)?.textContent === expected,
    [selector, expected],
  );
}

Deno.test("boot: islands come to life as the server meant them", async (test) => {
  await withPage("/", async ({ page, problems }) => {
    await test.step("a signal is shared by islands, slots and nested islands", async () => {
      await page.click("#second");
      for (const id of ["first", "second", "nested", "in-open-slot"]) {
        await waitForText(page, `#${id}`, "4");
      }
      await waitForText(page, "#double", "8");
      await page.click("#in-open-slot");
      await waitForText(page, "#first", "5");
    });
    await test.step("the browser's markup replaces the server's", async () => {
      await page.waitForSelector("#browser-only");
      assert.equal(await page.locator("#server-a, #server-b").count(), 0);
    });
    await test.step("slots keep text, attributes and boolean attributes", async () => {
      assert.equal(await text(page, "#open h2 em"), "rich title");
      assert.equal(await text(page, "#open p"), "in a slot <tag>");
      assert.equal(await page.getAttribute("#open p", "title"), "a & b");
      assert.equal(await page.isChecked("#open input"), true);
      assert.equal(await page.isDisabled("#open input"), true);
      await page.click("#open > button");
      await page.waitForSelector("#open p", { state: "detached" });
      await page.click("#open > button");
      await page.waitForSelector("#open p");
    });
    await test.step("a closed panel shows its slot when opened", async () => {
      assert.equal(await page.locator("#closed p").count(), 0);
      await page.click("#closed > button");
      await waitForText(page, "#closed p", "waiting");
      await waitForText(page, "#inner-panel i", "slot in a slot");
      await page.click("#in-closed-slot");
      await waitForText(page, "#first", "6");
    });
    await test.step("every kind of prop arrives", async () => {
      await page.waitForFunction(() =>
        document.querySelector("#kinds")?.textContent !== ""
      );
      assert.deepEqual(JSON.parse(await text(page, "#kinds") ?? ""), {
        cycle: true,
        shared: true,
        date: "1970-01-01T00:00:00.000Z",
        url: "example.com",
        regexp: "/a\\/b/gi",
        bytes: [0, 128, 255],
        set: 3,
        map: true,
        numbers: ["NaN", "Infinity", "-Infinity", "-0", "0"],
        big: "12345678901234567890",
        sparse: [2, false, true],
        missing: true,
        nothing: null,
        computed: 4,
      });
    });
    await test.step("Head of an island updates the document", async () => {
      await page.click("#titled");
      await page.waitForFunction(() => document.title === "Clicked 1");
      const metas = await page.$$eval(
        "head meta[name]",
        (list) =>
          list.map((meta) =>
            `${meta.getAttribute("name")}=${meta.getAttribute("content")}`
          ),
      );
      assert.deepEqual(metas.sort(), [
        "description=clicks 1",
        "extra=added",
      ]);
    });
    assert.deepEqual(problems, []);
  });
});

Deno.test("boot: a damaged island does not stop the others", async () => {
  await withPage("/damaged", async ({ page, problems }) => {
    await page.click("#first");
    await waitForText(page, "#first", "1");
    assert.equal(problems.length, 2);
    assert.match(problems.join(), /Broken in the browser/);
    assert.match(problems.join(), /Missing end of "frsh:island:Torn:1:"/);
  });
});
