/** Mails that the app sends, to a real server, and what admins see of them. */
import assert from "node:assert/strict";
import { auditEvent } from "@/lib/audit/audit_event.ts";
import { startSmtp } from "@/lib/mail/testing/smtp_rig.ts";
import type { Mail, Page } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { waitFor } from "../support/wait.ts";

function mailMode(port: number): Record<string, string> {
  return {
    ...PASSWORD_MODE,
    PUBLIC_URL: "http://localhost:8000",
    TRUSTED_PROXIES: "127.0.0.1/32",
    SMTP_URL: `smtp://127.0.0.1:${port}`,
    MAIL_FROM: "Freshet <app@example.org>",
  };
}

/** As a proxy at `PUBLIC_URL` passes it on. */
const HOST = {
  "x-forwarded-for": "192.0.2.1",
  "x-forwarded-host": "localhost:8000",
  "x-forwarded-proto": "http",
};

async function mailsOf(
  fetch: TestApp["fetch"],
  query = "",
): Promise<Page<Mail>> {
  const response = await fetch(`/api/mail${query}`, { headers: HOST });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

Deno.test("POST /api/invitations: the invitation arrives with its link, which is in no list", async () => {
  await using smtp = await startSmtp({ isPlain: true });
  await using app = await startApp({ env: mailMode(smtp.port) });
  const owner = await signedIn(app, OWNER, HOST);
  const response = await owner.send("POST", "/api/invitations", {
    email: "jane@example.org",
    role: "member",
  }, HOST);
  assert.equal(response.status, 201, await response.clone().text());
  await response.body?.cancel();
  const { email, to } = await waitFor("the mail", () => smtp.mails[0]);
  assert.deepEqual(to, ["jane@example.org"]);
  const link = /http:\/\/localhost:8000\/\S+/.exec(email.text ?? "")?.[0];
  assert.ok(link, email.text ?? "");
  assert.ok(email.html?.includes(link.replaceAll("&", "&amp;")));
  const sent = await waitFor("the end of the mail", async () => {
    const { items } = await mailsOf(owner.fetch);
    return items[0]?.state === "sent" && items[0];
  });
  assert.deepEqual([sent.to, sent.kind, sent.attempts], [
    "jane@example.org",
    "invitation",
    1,
  ]);
  assert.ok(!JSON.stringify(sent).includes(link));
});

Deno.test("GET /api/mail: shows why a mail was not sent, page by page, to admins only", async () => {
  await using smtp = await startSmtp({ isPlain: true });
  smtp.refusal = { code: 550, text: "No such user here" };
  await using app = await startApp({ env: mailMode(smtp.port) });
  const owner = await signedIn(app, OWNER, HOST);
  const password = "a password of theirs";
  const body = { email: "member@example.org", role: "member", password };
  const made = await owner.send("POST", "/api/users", body, HOST);
  assert.equal(made.status, 201);
  await made.body?.cancel();
  const member = await signedIn(app, body, HOST);
  for (const name of ["one", "two", "three"]) {
    const invitation = { email: `${name}@example.org`, role: "member" };
    const response = await owner
      .send("POST", "/api/invitations", invitation, HOST);
    assert.equal(response.status, 201);
    await response.body?.cancel();
  }
  await waitFor("the ends of the mails", async () => {
    const { items } = await mailsOf(owner.fetch);
    return items.length === 3 && items.every(({ state }) => state === "dead");
  });
  const names: string[] = [];
  let cursor = "";
  while (true) {
    const page = await mailsOf(owner.fetch, `?limit=2${cursor}`);
    names.push(...page.items.map(({ to }) => to.split("@")[0]));
    assert.match(page.items[0]?.error ?? "No such", /No such/);
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  assert.deepEqual(names, ["three", "two", "one"]);
  const refused = await member.fetch("/api/mail", { headers: HOST });
  assert.equal(refused.status, 403);
  await refused.body?.cancel();
});

Deno.test("budget.exceeded: admins get one mail each", async () => {
  await using smtp = await startSmtp({ isPlain: true });
  await using app = await startApp({ env: mailMode(smtp.port) });
  const { auditLog, consumers } = app.services;
  // What happens before a new store's consumers have begun is told to nobody.
  await waitFor("the consumer", () => consumers.lagMs.has("mail"));
  // Any event may be recorded so; this one is no audit event, and the log passes it by.
  await auditLog.record("wsp_0000000000000000000000", {
    ...auditEvent("audit.gap", { actor: null, subject: "" }),
    type: "budget.exceeded",
    subject: "user:usr_0000000000000000000000",
    data: {
      period: "day",
      spentMicroUsd: 1_000_000,
      limitMicroUsd: 1_000_000,
      spentTokens: 10,
      limitTokens: null,
      resetsAt: "2026-01-02T00:00:00Z",
    },
  });
  const { email, to } = await waitFor("the mail", () => smtp.mails[0]);
  assert.deepEqual(to, [OWNER.email]);
  assert.match(email.subject ?? "", /^Today's budget of .* is spent$/);
  assert.ok(email.text?.includes("Spent: 1.00 USD of 1.00 USD"));
  assert.ok(email.text?.includes("http://localhost:8000/admin/budgets"));
  await waitFor("the end of the mail", async () => {
    const [mail] = await app.services.mails.page(
      "wsp_0000000000000000000000",
      null,
      5,
    );
    return mail?.state === "sent";
  });
  assert.equal(smtp.mails.length, 1);
});

Deno.test("mail: without a transport an invitation gives its link to whoever invites", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const invitation = { email: "jane@example.org", role: "member" };
  const response = await owner.send("POST", "/api/invitations", invitation);
  assert.equal(response.status, 201);
  assert.ok((await response.text()).includes("/invite"));
  assert.deepEqual(
    (await owner.fetch("/api/mail").then((r) => r.json())).items,
    [],
  );
});
