/** Where alerts come to: mail and webhooks carry the same words, and one name from beginning to end. */
import assert from "node:assert/strict";
import { startSmtp } from "@/lib/mail/testing/smtp_rig.ts";
import { startReceiver } from "@/lib/webhooks/testing/receiver.ts";
import { startApp } from "../support/app.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { waitFor } from "../support/wait.ts";

/** As a proxy at `PUBLIC_URL` passes it on. */
const HOST = {
  "x-forwarded-for": "192.0.2.1",
  "x-forwarded-host": "localhost:8000",
  "x-forwarded-proto": "http",
};

Deno.test("POST /api/alerts/test: mail and webhook say the same, and lead to the alert", async () => {
  await using smtp = await startSmtp({ isPlain: true });
  await using receiver = startReceiver();
  await using app = await startApp({
    env: {
      ...PASSWORD_MODE,
      PUBLIC_URL: "http://localhost:8000",
      TRUSTED_PROXIES: "127.0.0.1/32",
      SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
      MAIL_FROM: "Freshet <app@example.org>",
    },
    configFile: { outgoing: { allow: ["127.0.0.0/8"] } },
  });
  const owner = await signedIn(app, OWNER, HOST);
  const send = async (path: string, body: unknown) => {
    const answer = await owner.send("POST", path, body, HOST);
    assert.ok(answer.ok, `${answer.status} ${await answer.clone().text()}`);
    await answer.body?.cancel();
  };
  await send("/api/webhooks", {
    url: `${receiver.url}/alerts`,
    scope: "workspace",
    events: ["alert.*"],
  });
  await send("/api/alerts/test", { scope: "server" });
  const [fired, resolved] = await waitFor("both deliveries", () => {
    const found = ["alert.fired", "alert.resolved"]
      .flatMap((type) => receiver.of("/alerts", type));
    return found.length === 2 && found;
  });
  const { incident, headline, words } = fired.data;
  assert.match(String(incident), /^alr_[0-9a-f]{22}$/);
  assert.equal(resolved.data.incident, incident);
  const mail = await waitFor(
    "the mail",
    () =>
      smtp.mails.find(({ email }) => email.subject === `Alert: ${headline}`),
  );
  assert.deepEqual(mail.to, [OWNER.email]);
  const text = (mail.email.text ?? "").replaceAll(/\s+/g, " ");
  assert.ok(text.includes(String(words)), text);
  const link = `http://localhost:8000/admin/alerts#${incident}`;
  assert.ok(text.includes(link), text);
  assert.ok(mail.email.html?.includes(link));
  await waitFor(
    "the mail of its end",
    () => smtp.mails.find(({ email }) => email.subject === `Over: ${headline}`),
  );
});
