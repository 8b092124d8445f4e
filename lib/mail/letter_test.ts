import assert from "node:assert/strict";
import { invitationMail, passwordResetMail } from "./account_mails.ts";
import { budgetExceededMail, budgetWarnedMail } from "./budget_mails.ts";
import { renderLetter } from "./letter.ts";
import { mailMoment } from "./mail_moment.ts";

const LINK = "https://chat.example.org/invite?token=abc&x=1";

Deno.test("renderLetter: what is in it is text, never markup", () => {
  const { html } = renderLetter({
    title: "<b>A</b> & B",
    paragraphs: [`"<img src=x onerror=alert(1)>"`],
    facts: [["<i>", "'"]],
    action: { label: "<u>", url: `https://example.org/?q="><script>` },
    closing: "</body>",
  });
  for (const tag of ["<b>", "<img", "<i>", "<u>", "<script>"]) {
    assert.ok(!html.includes(tag), tag);
  }
  assert.ok(html.includes("&lt;b&gt;A&lt;/b&gt; &amp; B"));
});

Deno.test("renderLetter: nothing is loaded from anywhere, and only the action is an address", () => {
  const { html } = invitationMail({
    workspace: "Mill",
    inviter: "Ann",
    role: "member",
    link: LINK,
    expiresAt: 0,
  });
  assert.ok(
    !/<(img|link|script|iframe|object|video|style)\b|url\(|src=/i.test(html),
  );
  const addresses = html.match(/href="[^"]*"/g);
  assert.deepEqual(addresses, [`href="${LINK.replaceAll("&", "&amp;")}"`]);
});

Deno.test("renderLetter: both parts hold the address whole", () => {
  const { text, html } = passwordResetMail({ link: LINK, expiresAt: 0 });
  assert.ok(text.split("\n").includes(LINK));
  assert.ok(html.includes(LINK.replaceAll("&", "&amp;")));
});

Deno.test("renderLetter: an address that is none of the web is refused", () => {
  for (const url of ["javascript:alert(1)", "/invite", "https://a b"]) {
    assert.throws(
      () => passwordResetMail({ link: url, expiresAt: 0 }),
      TypeError,
      url,
    );
  }
});

Deno.test("mailMoment: is UTC, whatever the machine", () => {
  assert.equal(
    mailMoment(Date.UTC(2026, 0, 2, 3, 4)),
    "2 January 2026 at 03:04 UTC",
  );
});

Deno.test("budget mails: say what is spent of what, and when it begins anew", () => {
  const facts = {
    subject: `key "Build"`,
    workspace: "Mill",
    period: "day",
    spentMicroUsd: 1_000_000,
    limitMicroUsd: 1_250_000,
    spentTokens: null,
    limitTokens: null,
    resetsAt: Date.UTC(2026, 0, 3),
    link: null,
  };
  const warned = budgetWarnedMail(facts);
  assert.equal(
    warned.subject,
    `Most of today's budget of key "Build" is spent`,
  );
  assert.ok(warned.text.includes("Spent: 1.00 USD of 1.25 USD"));
  const exceeded = budgetExceededMail(facts);
  assert.equal(exceeded.subject, `Today's budget of key "Build" is spent`);
  assert.ok(exceeded.text.includes("until 3 January 2026 at 00:00 UTC"));
});
