/** Keys in a real browser: made, taken along, used, revoked, with scripts and without, in every dress. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { startApp, type TestApp } from "../support/app.ts";
import { assertAccessible, startBrowser } from "../support/browser.ts";
import { makeKey } from "../api/key_rig.ts";
import { signedIn } from "../support/signed_in.ts";
import { DRESSES, lookAt, OWNER, signIn, startPeople } from "./people_rig.ts";

const section = (page: Page) => page.locator("section#keys");

/** The key that the page shows, and whether the server takes it. */
async function shownKey(page: Page): Promise<string> {
  const text = await section(page).locator(".keytext").textContent();
  assert.match(text!, /^frk_[0-9A-Za-z]{43}$/);
  return text!;
}

async function statusWith(app: TestApp, key: string): Promise<number> {
  const response = await app.fetch("/v1/models", {
    headers: { authorization: `Bearer ${key}` },
  });
  await response.body?.cancel();
  return response.status;
}

/** Opens the form of a new key and fills in what it is called. */
async function nameNewKey(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = page.getByRole("dialog", { name: "New key" });
  await dialog.getByRole("textbox", { name: "Name" }).fill(name);
}

for (const javaScriptEnabled of [true, false]) {
  const scripts = javaScriptEnabled ? "with scripts" : "without scripts";
  Deno.test(`keys: one is made, shown once and revoked, ${scripts}`, async () => {
    await using app = await startApp();
    await using browser = await startBrowser();
    const { page, errors } = await browser.open(`${app.url}/settings`, {
      javaScriptEnabled,
    });
    await section(page).getByRole("heading", { name: "No keys yet" }).waitFor();
    await nameNewKey(page, "nightly-forecast");
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByText("Key “nightly-forecast” is ready.").waitFor();
    const key = await shownKey(page);
    assert.equal(await statusWith(app, key), 200);
    const row = page.getByRole("row", { name: /^nightly-forecast/ });
    assert.match((await row.textContent())!, new RegExp(`…${key.slice(-3)}`));
    await page.goto(`${app.url}/settings`);
    assert.ok(!(await page.content()).includes(key.slice(4, -3)));
    await row.getByRole("button", { name: /^Revoke/ }).click();
    const dialog = page.getByRole("dialog", {
      name: "Revoke key “nightly-forecast”?",
    });
    await dialog.getByRole("button", { name: "Keep it" }).click();
    assert.equal(await dialog.isVisible(), false);
    assert.equal(await statusWith(app, key), 200);
    await row.getByRole("button", { name: /^Revoke/ }).click();
    await dialog.getByRole("button", { name: "Revoke key" }).click();
    await page.getByText("Key revoked").waitFor();
    assert.equal(await row.count(), 0);
    assert.equal(await statusWith(app, key), 401);
    assert.deepEqual(errors, []);
  });
}

Deno.test("keys: keys of the keyboard alone make one", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/settings`);
  await page.getByRole("button", { name: "New key" }).focus();
  await page.keyboard.press("Enter");
  // The name has the focus from the start.
  await page.keyboard.type("notebook");
  await page.keyboard.press("Escape");
  assert.equal(
    await page.getByRole("dialog", { name: "New key" }).isVisible(),
    false,
  );
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.getByText("Key “notebook” is ready.").waitFor();
});

Deno.test("keys: what was chosen is the key's, and what was typed stays when it is refused", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/settings`);
  await nameNewKey(page, "alarm-bot");
  await page.getByLabel("Threads and tasks").check();
  await page.getByLabel("Ends").selectOption("30");
  await page.getByText("Models, limits and budget").click();
  await page.getByLabel("Chat", { exact: true }).check();
  await page.getByLabel("Models", { exact: true }).fill("m1, best");
  await page.getByLabel("Requests a minute").fill("many");
  await page.getByLabel("US dollars").fill("2.50");
  await page.getByRole("button", { name: "Create key" }).click();
  await section(page).getByText("Must be a whole number").waitFor();
  assert.equal(
    await page.getByRole("textbox", { name: "Name" }).inputValue(),
    "alarm-bot",
  );
  assert.ok(await page.getByLabel("Threads and tasks").isChecked());
  assert.ok(await page.getByLabel("Chat", { exact: true }).isChecked());
  assert.equal(await page.getByLabel("Ends").inputValue(), "30");
  await page.getByLabel("Requests a minute").fill("60");
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByText("Key “alarm-bot” is ready.").waitFor();
  const { items: [key] } = await (await app.fetch("/api/keys")).json();
  assert.deepEqual(key.scopes, ["v1", "api"]);
  assert.deepEqual(key.endpoints, ["chat/completions"]);
  assert.deepEqual(key.models, ["m1", "best"]);
  assert.equal(key.limits.requestsPerMinute, 60);
  assert.deepEqual(key.budget, {
    period: "month",
    usd: "2.50",
    tokens: null,
    softRatio: 0.8,
  });
  const daysLeft = (Date.parse(key.expiresAt) - Date.now()) / 86_400_000;
  assert.equal(Math.round(daysLeft), 30);
});

Deno.test("keys: many are in pages, and admins see them all", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  for (let made = 0; made < 120; made += 1) {
    await makeKey(app, { name: `key number ${made}` });
  }
  for (const path of ["/settings", "/admin/keys"]) {
    const { page } = await browser.open(app.url + path);
    const names: string[] = [];
    while (true) {
      names.push(
        ...await page.locator(".api-keys tbody th").allTextContents(),
      );
      const older = page.getByRole("link", { name: "Older keys" });
      if (await older.count() === 0) break;
      await older.click();
      await page.waitForURL(/(keys|cursor)=key_/);
      await page.waitForLoadState();
    }
    assert.equal(new Set(names).size, 120, path);
    assert.equal(names[0], "key number 119");
  }
});

Deno.test("keys: anyone can read and use the pages, in every dress", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
  await makeKey(app, { name: "notebook", expiresAt: soon });
  await makeKey(app, {
    name: "a-program-with-a-very-long-name-that-does-not-want-to-end",
    scopes: ["v1", "api", "metrics", "admin"],
    models: ["fake-1", "fake-2"],
    budget: { period: "day", usd: "1.00" },
  });
  for (const [dress, options] of DRESSES) {
    for (const path of ["/settings", "/admin/keys"]) {
      const { page } = await browser.open(app.url + path, options);
      const what = `keys${path.replaceAll("/", "-")}-${dress}`;
      await lookAt(page, what);
      await page.getByRole("button", { name: /^Revoke/ }).first().click();
      await lookAt(page, `${what}-asking`);
      await page.keyboard.press("Escape");
      if (path !== "/settings") continue;
      await nameNewKey(page, "x");
      await page.getByText("Models, limits and budget").click();
      await lookAt(page, `${what}-new`);
      await page.getByLabel("Requests a minute").fill("many");
      await page.getByRole("button", { name: "Create key" }).click();
      await section(page).getByText("Must be a whole number").waitFor();
      await lookAt(page, `${what}-refused`);
      await page.getByLabel("Requests a minute").fill("1");
      await page.getByRole("button", { name: "Create key" }).click();
      await section(page).getByText("is ready.").waitFor();
      await lookAt(page, `${what}-ready`);
    }
  }
});

Deno.test("keys: members make their own, admins see and revoke those of all", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const owner = await signedIn(app, OWNER);
  const member = { email: "ole@hydro.example", password: "ice on the river" };
  const added = await owner.send("POST", "/api/users", {
    ...member,
    role: "member",
  });
  assert.equal(added.status, 201, await added.text());
  const { page } = await browser.open(`${app.url}/settings`);
  await signIn(page, member);
  await nameNewKey(page, "notebook");
  const dialog = page.getByRole("dialog", { name: "New key" });
  assert.equal(await dialog.getByLabel("Administration").count(), 0);
  await dialog.getByRole("button", { name: "Create key" }).click();
  await page.getByText("Key “notebook” is ready.").waitFor();
  const key = await shownKey(page);
  assert.equal(await statusWith(app, key), 200);
  await page.goto(`${app.url}/admin/keys`);
  assert.equal(await page.locator(".api-keys").count(), 0);
  const { page: admin } = await browser.open(`${app.url}/admin/keys`);
  await signIn(admin);
  const row = admin.getByRole("row", { name: /^notebook/ });
  assert.match((await row.textContent())!, /ole@hydro\.example/);
  await lookAt(admin, "keys-of-people");
  await row.getByRole("button", { name: /^Revoke/ }).click();
  await admin.getByRole("dialog", { name: "Revoke key “notebook”?" })
    .getByRole("button", { name: "Revoke key" }).click();
  await admin.getByText("Key revoked").waitFor();
  assert.equal(await statusWith(app, key), 401);
});

Deno.test("keys: one is changed, and what cannot be is told beside what was typed", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/settings`);
  await nameNewKey(page, "nightly-forecast");
  await page.getByRole("button", { name: "Create key" }).click();
  const key = await shownKey(page);
  await page.getByRole("link", { name: "Change key “nightly-forecast”" })
    .click();
  const name = section(page).getByRole("textbox", { name: "Name" });
  await name.fill(" ");
  await section(page).getByText("Models, limits and budget").click();
  await page.getByRole("textbox", { name: "Requests a minute" }).fill("5");
  await page.getByRole("button", { name: "Save key" }).click();
  await page.getByText("Must not be empty").waitFor();
  await assertAccessible(page, "a refused change");
  await name.fill("hourly-forecast");
  await page.getByRole("button", { name: "Save key" }).click();
  await page.getByText("Key saved").waitFor();
  const { items: [changed] } = await (await app.fetch("/api/keys")).json();
  assert.equal(changed.name, "hourly-forecast");
  assert.equal(changed.limits.requestsPerMinute, 5);
  assert.deepEqual(changed.scopes, ["v1"]);
  assert.equal(await statusWith(app, key), 200);
  assert.deepEqual(errors.filter((text) => !/status of 400/.test(text)), []);
});
