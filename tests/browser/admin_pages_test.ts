/** What the pages of settings and of the administration have in common, in a real browser. */
import assert from "node:assert/strict";
import { PHONE, startBrowser } from "../support/browser.ts";
import { signedIn } from "../support/signed_in.ts";
import { DRESSES, lookAt, OWNER, signIn, startPeople } from "./people_rig.ts";

const PAGES = [
  "/settings#data",
  "/workspaces",
  "/admin/users",
  "/admin/groups",
  "/admin/keys",
  "/admin/limits",
  "/admin/budgets",
  "/admin/prices",
  "/admin/audit",
  "/admin/settings",
  "/admin/backups",
  "/admin/styleguide",
];

Deno.test("admin pages: each scrolls inside itself and takes no navigation along, not even to a section", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/signin`);
  await signIn(page);
  await page.waitForURL(`${app.url}/`);
  for (const path of PAGES) {
    await page.goto(app.url + path);
    await page.getByRole("main").waitFor();
    const beyond = await page.evaluate(() => {
      const { scrollHeight, clientHeight } = document.documentElement;
      return scrollHeight - clientHeight;
    });
    assert.equal(beyond, 0, path);
    const least = await page.evaluate(() =>
      Math.min(
        ...[...document.querySelectorAll(".page section > h2")].map((head) => {
          const next = head.nextElementSibling?.getBoundingClientRect();
          return next === undefined || next.height === 0
            ? Infinity
            : next.top - head.getBoundingClientRect().bottom;
        }),
      )
    );
    assert.ok(least >= 8, `${path}: ${least} px under a heading`);
    if (path.startsWith("/admin/")) {
      await page.waitForFunction(placeIsInView, undefined, { timeout: 5_000 })
        .catch(() => assert.fail(`${path}: its place is out of view`));
    }
  }
  await page.setViewportSize(PHONE);
  await page.getByRole("button", { name: "Open navigation" }).click();
  await page.waitForFunction(placeIsInView);
  await page.goto(`${app.url}/admin/doctor`);
  const checks = page.getByRole("region", { name: "Checks" });
  assert.equal(
    await checks.evaluate(({ scrollWidth, clientWidth }) =>
      scrollWidth - clientWidth
    ),
    0,
    "a stacked table fits on a phone",
  );
});

/** Whether the navigation shows where one is, without having it scrolled. */
function placeIsInView(): boolean {
  const list = document.querySelector(".side-body")!.getBoundingClientRect();
  const place = document.querySelector(".side-body .row[aria-current]");
  if (place === null) return false;
  const { top, bottom, height } = place.getBoundingClientRect();
  return height > 0 && top >= list.top && bottom <= list.bottom;
}

Deno.test("keys page: short words stay whole beside the longest name", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const owner = await signedIn(app, OWNER);
  const made = await owner.send("POST", "/api/keys", {
    name: "a name as long as they get ".repeat(3).trim(),
  });
  assert.equal(made.status, 201);
  await made.body?.cancel();
  const { page } = await browser.open(`${app.url}/signin?next=/admin/keys`);
  await signIn(page);
  for (const text of ["models", OWNER.email]) {
    const cell = page.getByRole("cell", { name: text, exact: true });
    const lines = await cell.first().evaluate((each) => {
      const range = document.createRange();
      range.selectNodeContents(each);
      return new Set([...range.getClientRects()].map(({ top }) => top)).size;
    });
    assert.equal(lines, 1, text);
  }
});

Deno.test("audit log: names and addresses stay whole, and an email finds its person", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const owner = await signedIn(app, OWNER);
  for (const name of ["one", "two", "three"]) {
    const made = await owner.send("POST", "/api/keys", {
      name: `${name}: ${"a name as long as they get ".repeat(3)}`.trim(),
    });
    assert.equal(made.status, 201);
    await made.body?.cancel();
  }
  for (const [dress, options] of DRESSES) {
    const { page } = await browser.open(
      `${app.url}/signin?next=/admin/audit`,
      options,
    );
    await signIn(page);
    await page.waitForURL(`${app.url}/admin/audit`);
    const who = page.getByRole("link", { name: "mara", exact: true });
    await who.first().waitFor();
    const lines = await who.first().evaluate((link) =>
      link.getClientRects().length
    );
    assert.equal(lines, 1, dress);
    await lookAt(page, `audit-${dress}`);
    await page.getByLabel("Who").fill(OWNER.email);
    await page.getByRole("button", { name: "Filter" }).click();
    await who.first().waitFor();
    assert.equal(await page.getByLabel("Who").inputValue(), OWNER.email);
    await page.getByLabel("Who").fill("nobody here");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByText("No entry fits these filters.").waitFor();
    await page.context().close();
  }
});

Deno.test("admin pages: the longest names fit on a phone, also on the page of their person", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const owner = await signedIn(app, OWNER);
  const name = "Wolfeschlegelsteinhausenbergerdorff-von-und-zu-Mississippi"
    .padEnd(100, "x");
  const made = await owner.send("POST", "/api/users", {
    email: `${"averyverylongname".repeat(3)}@fluvial-geomorphology.example`,
    password: "a password of twelve",
    name,
    role: "member",
  });
  const { id } = await made.json();
  const groups = await owner.send("POST", "/api/groups", { name });
  assert.equal(groups.status, 201);
  await groups.body?.cancel();
  const { page } = await browser.open(`${app.url}/signin`, DRESSES[2][1]);
  await signIn(page);
  await page.waitForURL(`${app.url}/`);
  for (const path of ["/admin/users", `/admin/users/${id}`, "/admin/groups"]) {
    await page.goto(app.url + path);
    await lookAt(page, `long-names${path.replaceAll("/", "-")}`);
  }
});

Deno.test("budgets page: one is set for a person by their email, without a script, and is shown by it", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await browser.open(
    `${app.url}/signin?next=/admin/budgets`,
    { javaScriptEnabled: false },
  );
  await signIn(page);
  await page.getByRole("combobox", { name: "For" }).selectOption("user");
  await page.getByLabel("Which").fill(OWNER.email);
  await page.getByLabel("US dollars").fill("20");
  await page.getByRole("button", { name: "Set budget" }).click();
  await page.getByRole("row", { name: `Person ${OWNER.email}` })
    .getByText("20.00").waitFor();
  await page.goto(`${app.url}/settings#limits`);
  await page.getByText("Begins anew").waitFor();
  assert.equal(await page.getByText("usr_").count(), 0);
});

Deno.test("who only reads is offered nothing to make that would be refused", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const owner = await signedIn(app, OWNER);
  const viewer = {
    email: "reader@hydro.example",
    password: "a password of twelve",
  };
  const made = await owner.send("POST", "/api/users", {
    ...viewer,
    role: "viewer",
  });
  assert.equal(made.status, 201);
  await made.body?.cancel();
  const { page } = await browser.open(`${app.url}/signin`);
  await signIn(page, viewer);
  await page.waitForURL(`${app.url}/`);
  for (const path of ["/", "/tasks", "/projects"]) {
    await page.goto(app.url + path);
    await page.getByText("You read in this workspace").waitFor();
    const main = page.getByRole("main");
    assert.equal(
      await main.getByRole("button", { name: /^(Add|Create|Send)/ }).count(),
      0,
      path,
    );
    await lookAt(page, `reader${path.replaceAll("/", "-")}`);
  }
});
