/** The search page in a real browser: with scripts, without, by its keys, and in every dress. */
import assert from "node:assert/strict";
import { askWhole, startChat } from "../support/chat_client.ts";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  DESKTOP,
  PHONE,
  startBrowser,
} from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";

async function startSearchable() {
  const rig = await startChat({
    behaviour: { text: "The weir at Märkt opens at noon." },
  });
  const { thread } = await askWhole(rig.app, "When does the barrage open?");
  await waitFor("the answer to be found", async () => {
    const response = await rig.app.fetch("/api/search?q=weir");
    return (await response.json()).items.length === 1;
  });
  return { rig, app: rig.app, thread };
}

Deno.test("search page: works without scripts", async () => {
  const { rig, app, thread } = await startSearchable();
  await using _ = rig;
  await using browser = await startBrowser();
  const { page } = await browser.open(app.url, { javaScriptEnabled: false });
  await page.getByRole("link", { name: "Search threads" }).click();
  await page.getByRole("searchbox", { name: "Search threads" }).fill("markt");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.getByRole("link", { name: "When does the barrage open?" })
    .and(page.locator(".found a")).waitFor();
  assert.deepEqual(await page.locator("mark").allTextContents(), ["Märkt"]);
  await page.locator(".found-match").click();
  assert.ok(page.url().startsWith(`${app.url}/c/${thread.id}#msg_`));
});

Deno.test("search page: finds while one types, from anywhere by Ctrl+K, and only for the newest words", async () => {
  const { rig, app } = await startSearchable();
  await using _ = rig;
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/settings`);
  // The script that listens may not be up yet: the keys are pressed until it is.
  await waitFor("the search page", async () => {
    await page.keyboard.press("Control+k");
    return page.url() === `${app.url}/search`;
  });
  const field = page.getByRole("searchbox", { name: "Search threads" });
  await field.waitFor();
  await page.getByText("Put a phrase in quotes").waitFor();
  await field.fill("wei");
  await page.locator("mark", { hasText: "weir" }).waitFor();
  await waitFor("the address", () => page.url() === `${app.url}/search?q=wei`);
  await page.reload();
  await page.locator("mark", { hasText: "weir" }).waitFor();
  assert.equal(await field.inputValue(), "wei");
  await field.fill("weir nowhere");
  await page.getByRole("heading", { name: "No thread found" }).waitFor();
  await field.fill("");
  await page.getByText("Put a phrase in quotes").waitFor();
  assert.equal(page.url(), `${app.url}/search`);

  // An answer that comes late is not shown over that of newer words.
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await page.route(/q=noon/, async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  const asked = page.waitForRequest(/q=noon/);
  await field.fill("noon");
  await asked;
  await field.fill("barrage");
  await page.locator("mark", { hasText: "barrage" }).first().waitFor();
  release();
  assert.equal(await page.locator("mark", { hasText: "noon" }).count(), 0);

  await page.route(/q=opens/, (route) => route.abort());
  await field.fill("opens");
  await page.getByRole("alert").getByText("could not be reached").waitFor();
  await page.unroute(/q=opens/);
  await field.press("Enter");
  await page.locator("mark", { hasText: "opens" }).waitFor();
  assert.deepEqual(
    errors.filter((error) => !error.includes("ERR_FAILED")),
    [],
  );
});

Deno.test("search page: is accessible and fits, with results, without and with trouble", async () => {
  const { rig, app } = await startSearchable();
  await using _ = rig;
  await using browser = await startBrowser();
  for (
    const options of [
      { viewport: DESKTOP, colorScheme: "light" as const },
      { viewport: PHONE, colorScheme: "dark" as const, hasTouch: true },
    ]
  ) {
    const { page, errors } = await browser.open(`${app.url}/search`, options);
    for (const query of ["", "?q=weir", "?q=nothing+at+all"]) {
      await page.goto(`${app.url}/search${query}`);
      await assertAccessible(page, `search ${query}`);
      await assertNoSidewaysScroll(page, `search ${query}`);
    }
    assert.deepEqual(errors, []);
  }
});
