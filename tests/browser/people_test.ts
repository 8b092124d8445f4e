/** People of a workspace in a real browser: asked in, changed, shut out; groups, workspaces, sessions. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { startBrowser, type TestBrowser } from "../support/browser.ts";
import { DRESSES, lookAt, OWNER, signIn, startPeople } from "./people_rig.ts";

const JO = {
  email: "jo@hydro.example",
  password: "the gauge at the old bridge",
};

/** A page of the owner, signed in. */
async function openAsOwner(
  app: TestApp,
  browser: TestBrowser,
  path: string,
  options: Parameters<TestBrowser["open"]>[1] = {},
): Promise<{ page: Page; errors: string[] }> {
  const opened = await browser.open(
    `${app.url}/signin?${new URLSearchParams({ next: path })}`,
    options,
  );
  await signIn(opened.page);
  await opened.page.waitForURL(app.url + path);
  return opened;
}

/** Invites Jo on the page of people; the link. */
async function invite(page: Page, email = JO.email): Promise<string> {
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Invite a person" });
  await dialog.getByLabel("Email").fill(email);
  await dialog.getByRole("button", { name: "Invite" }).click();
  await page.getByText(`${email} is invited.`).waitFor();
  return (await page.locator(".keytext").textContent())!;
}

/** Makes Jo's account by their link. */
async function accept(page: Page): Promise<void> {
  await page.getByRole("textbox", { name: "Name" }).fill("Jo");
  await page.getByRole("textbox", { name: "Password" }).fill(JO.password);
  await page.getByRole("button", { name: "Join" }).click();
}

Deno.test("people: without scripts someone is asked in, joins, is changed, shut out and removed", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const plain = { javaScriptEnabled: false };
  const { page } = await openAsOwner(app, browser, "/admin/users", plain);
  const link = await invite(page);
  const jo = (await browser.open(link, plain)).page;
  await accept(jo);
  assert.equal(jo.url(), `${app.url}/`);

  await page.goto(`${app.url}/admin/users`);
  const row = page.getByRole("row", { name: /jo@hydro\.example/ });
  assert.match((await row.textContent())!, /^Jojo@hydro\.exampleMember/);
  await page.getByText("Nobody is being waited for").waitFor();

  await page.getByRole("link", { name: "Jo", exact: true }).click();
  await page.getByLabel("Role").selectOption("viewer");
  await page.getByRole("button", { name: "Save person" }).click();
  await page.getByText("Person saved").waitFor();
  assert.equal(await page.getByLabel("Role").inputValue(), "viewer");

  await page.getByText("Disable", { exact: true }).click();
  await page.getByRole("button", { name: "Disable Jo" }).click();
  await page.getByRole("button", { name: "Let Jo in again" }).waitFor();
  await jo.goto(`${app.url}/settings`);
  assert.match(jo.url(), /\/signin\?next=/);

  await page.getByText("Remove", { exact: true }).click();
  await page.getByRole("button", { name: "Remove Jo" }).click();
  await page.getByText("Removed from the workspace").waitFor();
  assert.equal(await row.count(), 0);
});

Deno.test("people: the link of an invitation works once, and not after it was revoked", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await openAsOwner(app, browser, "/admin/users");
  const first = await invite(page);
  await page.getByRole("button", { name: `Invite again: ${JO.email}` })
    .click();
  await page.getByText(`${JO.email} is invited.`).waitFor();
  const second = (await page.locator(".keytext").textContent())!;
  const { page: jo } = await browser.open(first);
  await jo.getByRole("heading", { name: "This invitation is not valid" })
    .waitFor();
  await page.getByRole("button", { name: `Revoke invitation: ${JO.email}` })
    .click();
  await page.getByText("Invitation revoked").waitFor();
  await jo.goto(second);
  await jo.getByRole("heading", { name: "This invitation is not valid" })
    .waitFor();
});

Deno.test("people: an invitation that is refused says why and keeps what was typed", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await openAsOwner(app, browser, "/admin/users");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Invite a person" });
  await dialog.getByLabel("Email").fill(OWNER.email);
  await dialog.getByRole("button", { name: "Invite" }).click();
  const again = page.getByRole("region", { name: "Invite a person" });
  await again.getByText("is in the workspace already").waitFor();
  assert.equal(await again.getByLabel("Email").inputValue(), OWNER.email);
});

Deno.test("people: keys alone open the invitation, send it, and close it again", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await openAsOwner(app, browser, "/admin/users");
  const opener = page.getByRole("button", { name: "Invite", exact: true });
  const isFocused = (element: Element) => element === document.activeElement;
  await opener.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Invite a person" });
  assert.ok(await dialog.getByLabel("Email").evaluate(isFocused));
  await page.keyboard.press("Escape");
  assert.equal(await dialog.isVisible(), false);
  assert.ok(await opener.evaluate(isFocused));
  await page.keyboard.press("Enter");
  await page.keyboard.type(JO.email);
  await page.keyboard.press("Enter");
  await page.getByText(`${JO.email} is invited.`).waitFor();
});

Deno.test("people: the last owner cannot step down, and the page says so", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await openAsOwner(app, browser, "/admin/users");
  await page.getByRole("link", { name: "mara", exact: true }).click();
  await page.getByLabel("Role").selectOption("member");
  await page.getByRole("button", { name: "Save person" }).click();
  await page.getByText("This is the last owner of the workspace").waitFor();
});

Deno.test("people: groups are made, renamed, given to a person and deleted", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await openAsOwner(app, browser, "/admin/groups", {
    javaScriptEnabled: false,
  });
  await page.getByLabel("New group").fill("Field");
  await page.getByRole("button", { name: "Create group" }).click();
  await page.getByLabel("Name of Field").fill("Field crew");
  await page.getByRole("button", { name: "Rename Field" }).click();
  await page.getByLabel("New group").fill("Field crew");
  await page.getByRole("button", { name: "Create group" }).click();
  await page.getByText("There is a group of that name already").waitFor();

  await page.goto(`${app.url}/admin/users`);
  await page.getByRole("link", { name: "mara", exact: true }).click();
  await page.getByLabel("Field crew").check();
  await page.getByRole("button", { name: "Save person" }).click();
  await page.goto(`${app.url}/admin/users`);
  await page.getByRole("cell", { name: "Field crew" }).waitFor();

  await page.goto(`${app.url}/admin/groups`);
  await page.getByText("Delete", { exact: true }).click();
  await page.getByRole("button", { name: "Delete Field crew" }).click();
  await page.getByText("No groups yet").waitFor();
});

Deno.test("workspaces: one is named, another made, switched to and deleted", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await openAsOwner(app, browser, "/workspaces", {
    javaScriptEnabled: false,
  });
  const own = page.getByRole("form", { name: "This workspace" });
  await own.getByLabel("Name").fill("Hydrology");
  await own.getByRole("button", { name: "Save name" }).click();
  await page.getByRole("heading", { name: "Hydrology workspace" }).waitFor();
  const fresh = page.getByRole("form", { name: "New workspace" });
  await fresh.getByLabel("Name").fill("Glaciers");
  await fresh.getByRole("button", { name: "Create workspace" }).click();
  await page.getByRole("listitem").filter({ hasText: "Glaciers" })
    .getByRole("button", { name: "Switch to Glaciers" }).click();
  assert.equal(page.url(), `${app.url}/`);
  const account = page.locator(".account summary");
  assert.match((await account.textContent())!, /Glaciers/);
  await page.goto(`${app.url}/admin/users`);
  await page.getByRole("heading", { name: "Glaciers workspace" }).waitFor();
  // Back by the foot of the navigation.
  await account.click();
  await page.getByRole("button", { name: "Switch to Hydrology" }).click();
  assert.match((await account.textContent())!, /Hydrology/);

  await page.goto(`${app.url}/workspaces`);
  assert.equal(await page.getByText("Delete workspace").count(), 0);
  await page.getByRole("main").getByRole("button", {
    name: "Switch to Glaciers",
  }).click();
  await page.goto(`${app.url}/workspaces`);
  await page.getByText("Delete workspace").click();
  await page.getByRole("button", { name: "Delete Glaciers" }).click();
  assert.equal(page.url(), `${app.url}/workspaces`);
  assert.match((await account.textContent())!, /Hydrology/);
  assert.equal(await page.getByText("Glaciers").count(), 0);
});

Deno.test("account: name and password are changed; other sessions end, this one goes on", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const other = await openAsOwner(app, browser, "/tasks");
  const { page } = await openAsOwner(app, browser, "/settings", {
    javaScriptEnabled: false,
  });
  await page.getByRole("form", { name: "Account" }).getByLabel("Name")
    .fill("Mara Lindqvist");
  await page.getByRole("button", { name: "Save name" }).click();
  await page.getByText("Name saved").waitFor();

  await page.getByLabel("Password now").fill("not my password");
  await page.getByLabel("New password").fill("a dry summer in the hills");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("This is not your password").waitFor();
  await page.getByLabel("Password now").fill(OWNER.password);
  await page.getByLabel("New password").fill("too short");
  await page.getByRole("button", { name: "Change password" }).click();
  assert.match(
    (await page.locator(".field-error").textContent())!,
    /at least 12 characters/,
  );
  await page.getByLabel("Password now").fill(OWNER.password);
  await page.getByLabel("New password").fill("a dry summer in the hills");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Password changed").waitFor();
  await other.page.goto(`${app.url}/tasks`);
  assert.match(other.page.url(), /\/signin\?next=/);
});

Deno.test("sessions: one is ended, then all others; this one is marked", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const others = [
    await openAsOwner(app, browser, "/tasks"),
    await openAsOwner(app, browser, "/tasks"),
  ];
  const { page } = await openAsOwner(app, browser, "/settings", {
    javaScriptEnabled: false,
  });
  const rows = page.getByRole("region", { name: "Your sessions" })
    .locator("tbody tr");
  assert.equal(await rows.count(), 3);
  assert.equal(await rows.filter({ hasText: "this one" }).count(), 1);
  await rows.filter({ hasNotText: "this one" }).first().getByRole("button")
    .click();
  await page.getByText("Signed out there").waitFor();
  assert.equal(await rows.count(), 2);
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await page.getByText("Signed out everywhere else").waitFor();
  assert.equal(await rows.count(), 1);
  for (const { page: other } of others) {
    await other.reload();
    assert.match(other.url(), /\/signin\?next=/);
  }
});

Deno.test("people: each page is accessible and fits, on desktop and phone, in light and dark", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page: first } = await openAsOwner(app, browser, "/admin/users");
  const link = await invite(first);
  await accept((await browser.open(link)).page);
  for (const name of ["Field crew", "Night watch ".repeat(8).trim()]) {
    await first.goto(`${app.url}/admin/groups`);
    await first.getByLabel("New group").fill(name);
    await first.getByRole("button", { name: "Create group" }).click();
  }
  const longLink = await (async () => {
    await first.goto(`${app.url}/admin/users`);
    return await invite(
      first,
      `${"somebody.with.a.long.name".repeat(2)}@${"long.".repeat(20)}example`,
    );
  })();
  const { items } = await app.services.users.list(
    FIRST_WORKSPACE,
    { limit: 10, cursor: null },
  );
  const jo = items.find(({ name }) => name === "Jo")!;
  for (const [dress, options] of DRESSES) {
    const { page, errors } = await openAsOwner(
      app,
      browser,
      "/settings",
      options,
    );
    await lookAt(page, `account-${dress}`);
    for (
      const [name, path] of [
        ["people", "/admin/users"],
        ["person", `/admin/users/${jo.id}`],
        ["groups", "/admin/groups"],
        ["workspaces", "/workspaces"],
      ]
    ) {
      await page.goto(app.url + path);
      await lookAt(page, `${name}-${dress}`);
    }
    await page.goto(`${app.url}/admin/users`);
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await lookAt(page, `invite-${dress}`);
    await page.goto(`${app.url}/workspaces`);
    const opener = page.getByRole("button", { name: "Open navigation" });
    if (await opener.isVisible()) await opener.click();
    await page.locator(".account summary").click();
    await lookAt(page, `account-menu-${dress}`);
    await page.goto(longLink);
    await lookAt(page, `join-${dress}`);
    assert.deepEqual(errors, [], dress);
    await page.context().close();
    const stranger = await browser.open(longLink, options);
    await lookAt(stranger.page, `accept-${dress}`);
    await stranger.page.context().close();
  }
});

/** Makes someone with a password and signs them in; the cookie of their session. */
async function cookieOf(
  app: TestApp,
  role: "viewer" | "member" | "admin",
): Promise<string> {
  const owner = {
    mode: "password" as const,
    workspace: FIRST_WORKSPACE,
    user: FIRST_USER,
    role: "owner" as const,
    isOperator: true,
    groups: [],
    key: null,
    session: null,
    address: "127.0.0.1",
  };
  const email = `${role}@hydro.example`;
  await app.services.users.create(owner, FIRST_WORKSPACE, {
    email,
    password: JO.password,
    role,
    name: role,
    groups: [],
  });
  const response = await sendForm(app, "/signin", "", {
    email,
    password: JO.password,
  });
  assert.equal(response.status, 303);
  return response.headers.getSetCookie()[0].split(";")[0];
}

function sendForm(
  app: TestApp,
  path: string,
  cookie: string,
  fields: Record<string, string>,
): Promise<Response> {
  return app.fetch(path, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      cookie,
      origin: app.url,
    },
    body: new URLSearchParams(fields).toString(),
  });
}

Deno.test("people: an admin sees an owner and changes nothing about them; members and viewers see nobody", async () => {
  await using app = await startPeople();
  const person = `/admin/users/${FIRST_USER}`;
  const admin = await cookieOf(app, "admin");
  const shown = await app.fetch(person, { headers: { cookie: admin } });
  assert.equal(shown.status, 200);
  const html = await shown.text();
  assert.match(html, /Only owners change admins and owners/);
  assert.doesNotMatch(html, /Save person|Disable|Remove/);
  const { version } = await app.services.users
    .require(FIRST_WORKSPACE, FIRST_USER);
  for (const action of ["save", "disable", "remove"]) {
    const refused = await sendForm(app, person, admin, {
      action,
      version: String(version),
      role: "viewer",
    });
    assert.equal(refused.status, 403, action);
  }
  const invited = await sendForm(app, "/admin/users", admin, {
    action: "invite",
    email: "new@hydro.example",
    role: "owner",
  });
  assert.equal(invited.status, 403);
  for (const role of ["member", "viewer"] as const) {
    const cookie = await cookieOf(app, role);
    for (const path of ["/admin", "/admin/users", person, "/admin/groups"]) {
      const response = await app.fetch(path, { headers: { cookie } });
      assert.equal(response.status, 403, `${role} ${path}`);
      await response.body?.cancel();
    }
    const home = await (await app.fetch("/", { headers: { cookie } })).text();
    assert.doesNotMatch(home, /\/admin/);
    assert.equal(
      home.includes("You read in this workspace"),
      role === "viewer",
    );
  }
});

Deno.test("people: pages about several people are nowhere in local mode", async () => {
  await using app = await startApp();
  for (const path of ["/admin/users", "/admin/groups", "/workspaces"]) {
    const response = await app.fetch(path);
    assert.equal(response.status, 404, path);
    await response.body?.cancel();
  }
  for (const path of ["/signin", "/setup", "/invite", "/reset"]) {
    const response = await app.fetch(path);
    assert.equal(response.headers.get("location"), "/", path);
    await response.body?.cancel();
  }
  const settings = await (await app.fetch("/settings")).text();
  assert.doesNotMatch(settings, /Sign out|Change password/);
});

Deno.test("people: one is found by their address, and nobody of another workspace", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await openAsOwner(app, browser, "/admin/users");
  await cookieOf(app, "member");
  await page.getByLabel("Find by email").fill("Member@Hydro.example ");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByRole("heading", { name: "member" }).waitFor();

  await page.goto(`${app.url}/workspaces`);
  await page.getByRole("form", { name: "New workspace" }).getByLabel("Name")
    .fill("Glaciers");
  await page.getByRole("button", { name: "Create workspace" }).click();
  await page.getByRole("main").getByRole("button", {
    name: "Switch to Glaciers",
  }).click();
  await page.goto(`${app.url}/admin/users`);
  await page.getByLabel("Find by email").fill("member@hydro.example");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByText("Nobody in this workspace has the address").waitFor();
});

Deno.test("people: many of them come in pages, each once", async () => {
  await using app = await startPeople();
  await using browser = await startBrowser();
  const { page } = await openAsOwner(
    app,
    browser,
    "/admin/users?limit=2",
  );
  for (const role of ["viewer", "member", "admin"] as const) {
    await cookieOf(app, role);
  }
  await page.reload();
  const seen: string[] = [];
  while (true) {
    seen.push(...await page.locator(".person").allTextContents());
    const more = page.getByRole("link", { name: "Show more" });
    if (await more.count() === 0) break;
    await more.click();
    await page.waitForURL(/cursor=/);
  }
  assert.deepEqual(seen.sort(), ["admin", "mara", "member", "viewer"]);
});
