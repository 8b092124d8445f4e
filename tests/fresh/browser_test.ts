/** The browser half of the contract: what islands of the fixture do in Chromium. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import {
  hydrated,
  launchBrowser,
  showsText,
  withPage,
} from "./support/browser.ts";
import { type RunningFixture, startFixture } from "./support/fixture.ts";

let fixture: RunningFixture | undefined;
let browser: Browser | undefined;

Deno.test.beforeAll(async () => {
  [fixture, browser] = await Promise.all([startFixture(), launchBrowser()]);
});
Deno.test.afterAll(async () => {
  await browser?.close();
  await fixture?.stop();
});

/** A test on one page of the fixture. */
function pageTest(
  name: string,
  path: string,
  body: (page: Page) => Promise<void>,
): void {
  Deno.test({
    name,
    // The browser and its socket outlive each test.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      assert.ok(fixture && browser);
      const url = fixture.url + path;
      await withPage(browser, async (page) => {
        await page.goto(url);
        await body(page);
      });
    },
  });
}

pageTest(
  "hydration: islands take the server's markup over and react",
  "/islands/counter",
  async (page) => {
    await hydrated(page, "one");
    await showsText(page, "#one output", "3");
    await page.click("#one button");
    await showsText(page, "#one output", "4");
    await showsText(page, "#two output", "10");
    assert.equal(await page.locator("#one").count(), 1);
    assert.equal(await page.locator("main > div#one").count(), 1);
  },
);

pageTest(
  "hydration: an island within an island is a component of it",
  "/islands/counter",
  async (page) => {
    await hydrated(page, "inner");
    await page.click("#inner button");
    await showsText(page, "#inner output", "21");
  },
);

pageTest(
  "hydration: islands beside their route come to life",
  "/islands/counter",
  (page) => hydrated(page, "local"),
);

pageTest(
  "hydration: works under a policy with nonces",
  "/nonce/counter",
  async (page) => {
    await hydrated(page, "under-nonce");
    await page.click("#under-nonce button");
    await showsText(page, "#under-nonce output", "2");
  },
);

pageTest(
  "client entry: its style sheet applies",
  "/islands/counter",
  async (page) => {
    await page.waitForFunction(() => {
      const element = document.querySelector("#one");
      return element !== null &&
        getComputedStyle(element).color === "rgb(1, 2, 3)";
    });
  },
);

pageTest(
  "signals: two islands that get the same signal share it",
  "/islands/shared",
  async (page) => {
    await hydrated(page, "shared-button");
    await hydrated(page, "shared-text");
    await showsText(page, "#shared-text", "5");
    await page.click("#shared-button");
    await showsText(page, "#shared-text", "6");
  },
);

pageTest(
  "slots: content of a closed panel appears when it opens",
  "/islands/panel",
  async (page) => {
    await hydrated(page, "closed");
    assert.equal(await page.locator("#closed .content").count(), 0);
    await page.click("#closed .toggle");
    await showsText(page, "#closed .slot", "From the server");
    assert.equal(await page.locator("#closed .slot em").count(), 1);
    await page.click("#closed .toggle");
    await page.locator("#closed .content").waitFor({ state: "detached" });
    await page.click("#closed .toggle");
    await showsText(page, "#closed .slot", "From the server");
  },
);

pageTest(
  "slots: an island in a closed slot comes to life when shown",
  "/islands/panel",
  async (page) => {
    await hydrated(page, "closed");
    await page.click("#closed .toggle");
    await hydrated(page, "in-closed");
    await page.click("#in-closed button");
    await showsText(page, "#in-closed output", "2");
  },
);

pageTest(
  "slots: an island in an open slot comes to life at once",
  "/islands/panel",
  async (page) => {
    await showsText(page, "#opened .slot", "Shown at once");
    await hydrated(page, "in-opened");
    await page.click("#in-opened button");
    await showsText(page, "#in-opened output", "3");
  },
);

pageTest(
  "Head: an island sets the title from the browser",
  "/islands/titled",
  async (page) => {
    await hydrated(page, "titled");
    await page.waitForFunction(() => document.title === "Titled 0");
    await page.click("#titled button");
    await page.waitForFunction(() => document.title === "Titled 1");
    assert.equal(await page.locator("head title").count(), 1);
  },
);

pageTest(
  "islands: a dynamic import loads its module when asked to",
  "/islands/lazy",
  async (page) => {
    await hydrated(page, "lazy");
    await showsText(page, "#lazy output", "not loaded");
    const scriptsBefore = await page.evaluate(() =>
      performance.getEntriesByType("resource").length
    );
    await page.click("#lazy button");
    await showsText(page, "#lazy output", "loaded later");
    const scriptsAfter = await page.evaluate(() =>
      performance.getEntriesByType("resource").length
    );
    assert.ok(scriptsAfter > scriptsBefore);
  },
);

pageTest(
  "islands: a public variable of the build is inlined",
  "/islands/public_env",
  (page) => showsText(page, "#public-env", "hello from the build"),
);

const EXPECTED_PROPS = [
  "null: null",
  "undefined: undefined",
  "true: true",
  "false: false",
  "integer: 42",
  "fraction: 1.5",
  "nan: NaN",
  "infinity: Infinity",
  "negativeInfinity: -Infinity",
  "negativeZero: -0",
  "bigint: 12345678901234567890n",
  `string: ${
    JSON.stringify("</script><!-- \u2028 'quoted' \"double\" \\ ü 😀")
  }`,
  'array: [1,"two",null]',
  "sparse: [1,hole,3]",
  "object: {a:{b:[true]}}",
  "date: Date(1970-01-01T00:00:00.000Z)",
  "url: URL(https://example.com/a?b=c#d)",
  "regexp: RegExp(/a\\/b/gi)",
  "bytes: Uint8Array(0,127,255)",
  'set: Set(1,"a")',
  'map: Map("k"=>1,2=>Set(3))',
  "plainDate: Temporal.PlainDate(2026-11-21)",
  "instant: Temporal.Instant(2026-11-21T05:00:00.5Z)",
  "zoned: Temporal.ZonedDateTime(2026-11-21T06:00:00+01:00[Europe/Berlin])",
  "duration: Temporal.Duration(P1DT2H)",
  "instance: {x:1,y:2}",
  "computed: Signal(14)",
  'cycle: {name:"cycle",self:cycle 0}',
  'sharedOne: {name:"shared"}',
  'sharedTwo: [{name:"shared"}]',
  "same object: true",
  "signal: Signal(7)",
];

pageTest(
  "props: each type arrives in the browser as it was",
  "/islands/props",
  async (page) => {
    await page.locator("#prop-types li").first().waitFor();
    assert.deepEqual(
      await page.locator("#prop-types li").allTextContents(),
      EXPECTED_PROPS,
    );
    await showsText(page, "#markup", "From the server");
  },
);
