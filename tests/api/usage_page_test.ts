/** `/usage` and `/admin/usage` over HTTP: what the first HTML holds, and for whom. */
import assert from "node:assert/strict";
import type { TestApp } from "../support/app.ts";
import { startApp } from "../support/app.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { postChat, question, startChat } from "./v1_rig.ts";

/** A page of HTML without the scripts and the spaces that stand for keys. */
async function pageOf(
  app: Pick<TestApp, "fetch">,
  path: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const response = await app.fetch(path, { headers });
  const html = await response.text();
  assert.equal(response.status, 200, html.slice(0, 300));
  return html.replaceAll(/<script.*?<\/script>/gs, "").replaceAll(/ +>/g, ">")
    .replaceAll(/ {2,}/g, " ");
}

async function askOnce(app: TestApp, more = {}): Promise<void> {
  await (await postChat(app, question(more))).text();
  await app.services.usage.fold.flush();
}

Deno.test("usage pages: the first HTML holds figures, the chart and its table of what was just asked", async () => {
  await using rig = await startChat();
  await askOnce(rig.app);
  for (const path of ["/usage", "/admin/usage"]) {
    const html = await pageOf(rig.app, path);
    assert.match(html, /<dt>Answers<\/dt><dd class="reading-figure">1</, path);
    assert.match(html, /Answers per day, stacked by model/, path);
    assert.match(html, /<th scope="col" data-hue="\d">fake-1<\/th>/, path);
    assert.match(html, /1 answer is unpriced/, path);
    assert.ok(html.length < 100_000, `${path}: ${html.length} characters`);
  }
});

Deno.test("usage pages: where nothing was asked they say so and lead on", async () => {
  await using app = await startApp();
  const html = await pageOf(app, "/usage?range=all");
  assert.match(html, /No answers yet/);
  assert.match(html, /<a class="btn" href="\/\.">Ask something<\/a>/);
});

Deno.test("usage pages: days are those of the zone that the browser or the address names", async () => {
  await using rig = await startChat();
  await askOnce(rig.app);
  const cookie = "freshet_zone=Asia%2FKolkata";
  assert.match(
    await pageOf(rig.app, "/usage", { cookie }),
    /days in Asia\/Kolkata/,
  );
  assert.match(
    await pageOf(rig.app, "/usage?timeZone=Pacific/Chatham", { cookie }),
    /days in Pacific\/Chatham/,
  );
  const wrong = "freshet_zone=%E0%A4%A; other=1";
  await pageOf(rig.app, "/usage", { cookie: wrong });
});

Deno.test("usage pages: the span that was shown last is shown again", async () => {
  await using rig = await startChat();
  const first = await rig.app.fetch("/usage?range=7d");
  await first.body?.cancel();
  const cookie = first.headers.getSetCookie().find((each) =>
    each.startsWith("freshet_usage_range=")
  )!;
  assert.match(cookie, /^freshet_usage_range=7d;.*HttpOnly/);
  const again = await pageOf(rig.app, "/usage", {
    cookie: cookie.split(";")[0],
  });
  assert.match(again, /aria-current="true">7 d</);
});

Deno.test("usage pages: the file behind the button has the rows of the page", async () => {
  await using rig = await startChat();
  await askOnce(rig.app);
  await askOnce(rig.app, { model: "fake-2" });
  const html = await pageOf(rig.app, "/admin/usage?model=fake-2&key=none");
  const href = html.match(/href="(\/api\/usage\.csv\?[^"]*)"/)![1]
    .replaceAll("&amp;", "&");
  const file = await rig.app.fetch(href);
  const [head, ...lines] = (await file.text()).trimEnd().split("\r\n");
  assert.match(head, /^start,model,label,requests,/);
  assert.equal(lines.length, 1);
  assert.match(lines[0], /,fake-2,,1,/);
});

Deno.test("usage pages: members see what is theirs, and nobody without a sign-in sees anything", async () => {
  await using rig = await startChat({}, { env: PASSWORD_MODE });
  const { app } = rig;
  const owner = await signedIn(app, OWNER);
  const ada = { email: "ada@example.org", password: "ada's own password" };
  const made = await owner.send("POST", "/api/users", {
    ...ada,
    role: "member",
  });
  assert.equal(made.status, 201, await made.text());
  const member = await signedIn(app, ada);
  const asked = await owner.send("POST", "/api/stream", {
    query: "How high is the river?",
    model: "fake-1",
  });
  await asked.text();
  await app.services.usage.fold.flush();

  assert.match(await pageOf(owner, "/usage"), /reading-figure">1</);
  const own = await pageOf(member, "/usage?user=none&model=fake-1");
  assert.match(own, /No answers in these 30 days/);
  assert.doesNotMatch(own, /Workspace<\/a>/);
  const refused = await member.fetch("/admin/usage");
  await refused.body?.cancel();
  assert.equal(refused.status, 403);
  for (const path of ["/usage", "/admin/usage"]) {
    const response = await app.fetch(path);
    await response.body?.cancel();
    assert.equal(response.status, 303, path);
    assert.match(response.headers.get("location")!, /^\/signin/);
  }
  const live = await member.fetch("/api/live?channels=admin:usage");
  await live.body?.cancel();
  assert.equal(live.status, 403);
});

Deno.test("usage pages: too much of a filter is refused, nonsense is left out", async () => {
  await using rig = await startChat();
  const many = Array.from({ length: 40 }, (_, each) => `model=${each}`);
  const refused = await rig.app.fetch(`/usage?${many.join("&")}`);
  await refused.body?.cancel();
  assert.equal(refused.status, 400);
  await pageOf(rig.app, "/usage?range=x&groupBy=user&timeZone=Mars&all=-1");
});
