import assert from "node:assert/strict";
import { SmtpTransport } from "./smtp_transport.ts";
import { CERTIFICATE } from "./testing/certificate.ts";
import { type SmtpRig, startSmtp } from "./testing/smtp_rig.ts";
import { MailRefused, type OutgoingMail } from "./transport.ts";

const DEADLINE_MS = 60_000;

const MAIL: OutgoingMail = {
  kind: "invitation",
  to: "jürgen@example.org",
  subject: `Grüße, ${"sehr lange Zeile ".repeat(10)}Ende 🦆`,
  text: "Schöne Grüße\nund ein Punkt:\n.\nEnde\n",
  html: "<!doctype html><html><body><p>Schöne Grüße</p></body></html>",
  messageId: "mail-1@example.org",
  madeAt: Date.UTC(2026, 0, 2, 3, 4, 5),
};

function transportTo(
  { port }: Pick<SmtpRig, "port">,
  {
    scheme = "smtp",
    login = "",
    query = "",
    from = "Freshet <app@example.org>",
  } = {},
): SmtpTransport {
  return new SmtpTransport(
    { smtpUrl: `${scheme}://${login}127.0.0.1:${port}${query}`, from },
    { trusted: CERTIFICATE },
  );
}

const send = (transport: SmtpTransport, mail: Partial<OutgoingMail> = {}) =>
  transport.send({ ...MAIL, ...mail }, AbortSignal.timeout(DEADLINE_MS));

Deno.test("SmtpTransport: a mail arrives with both parts, its subject whole and its letters right", async () => {
  await using rig = await startSmtp();
  await send(transportTo(rig));
  const [{ email, from, to, raw }] = rig.mails;
  assert.equal(email.subject, MAIL.subject);
  assert.equal(email.text?.trimEnd(), MAIL.text.trimEnd());
  assert.equal(email.html?.trim(), MAIL.html);
  assert.deepEqual([email.from?.name, email.from?.address], [
    "Freshet",
    "app@example.org",
  ]);
  assert.deepEqual(to, [MAIL.to]);
  assert.equal(from, "app@example.org");
  assert.equal(email.messageId, "<mail-1@example.org>");
  assert.equal(email.date, "2026-01-02T03:04:05.000Z");
  const longest = Math.max(...raw.split("\r\n").map((line) => line.length));
  assert.ok(longest <= 998, `a line has ${longest} characters`);
});

Deno.test("SmtpTransport: the plain part comes before the HTML part", async () => {
  await using rig = await startSmtp();
  await send(transportTo(rig));
  const [{ raw }] = rig.mails;
  const plain = raw.indexOf("Content-Type: text/plain");
  const html = raw.indexOf("Content-Type: text/html");
  assert.ok(raw.includes("multipart/alternative"));
  assert.ok(plain > 0 && plain < html);
});

Deno.test("SmtpTransport: TLS is used where it is offered", async () => {
  await using rig = await startSmtp();
  await send(transportTo(rig));
  assert.equal(rig.mails[0].isSecure, true);
});

Deno.test("SmtpTransport: smtps speaks TLS from the start", async () => {
  await using rig = await startSmtp({ secure: true });
  await send(transportTo(rig, { scheme: "smtps" }));
  assert.equal(rig.mails[0].isSecure, true);
});

Deno.test("SmtpTransport: where TLS is required and not offered, nothing is sent", async () => {
  await using rig = await startSmtp({ isPlain: true });
  await assert.rejects(
    send(transportTo(rig, { query: "?requireTLS=true" })),
    (error) => !(error instanceof MailRefused),
  );
  assert.equal(rig.mails.length, 0);
  // The same server without the demand, so that the demand is what made the difference.
  await send(transportTo(rig));
  assert.equal(rig.mails[0].isSecure, false);
});

Deno.test("SmtpTransport: a certificate that nobody trusts ends the exchange", async () => {
  await using rig = await startSmtp();
  const transport = new SmtpTransport({
    smtpUrl: `smtp://127.0.0.1:${rig.port}`,
    from: "app@example.org",
  });
  await assert.rejects(send(transport), /certificate/i);
  assert.equal(rig.mails.length, 0);
});

Deno.test("SmtpTransport: user and password of the address sign in", async () => {
  const login = { user: "app@example.org", password: "p@ss:w/rd" };
  await using rig = await startSmtp({ login });
  await send(transportTo(rig, { login: "app%40example.org:p%40ss%3Aw%2Frd@" }));
  assert.equal(rig.mails[0].user, login.user);
});

Deno.test("SmtpTransport: a wrong password is told without it, and may be mended", async () => {
  await using rig = await startSmtp({
    login: { user: "app", password: "right" },
  });
  await assert.rejects(
    send(transportTo(rig, { login: "app:wr0ngpass@" })),
    (error: Error) =>
      !(error instanceof MailRefused) && !error.message.includes("wr0ngpass"),
  );
});

Deno.test("SmtpTransport: 4xx may pass, 5xx never will", async () => {
  await using rig = await startSmtp();
  rig.refusal = { code: 451, text: "Try again" };
  await assert.rejects(
    send(transportTo(rig)),
    (error) => !(error instanceof MailRefused),
  );
  rig.refusal = { code: 550, text: "No such user" };
  await assert.rejects(
    send(transportTo(rig)),
    (error) =>
      error instanceof MailRefused && error.message.includes("No such user"),
  );
});

Deno.test("SmtpTransport: a server that is not there is named", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(
    send(transportTo({ port })),
    (error: Error) => error.message.includes(`127.0.0.1:${port}`),
  );
});

Deno.test("SmtpTransport: a server that never speaks is left at the deadline", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const deadline = new AbortController();
  const sending = transportTo({ port: listener.addr.port })
    .send(MAIL, deadline.signal);
  using connection = await accepted;
  deadline.abort();
  await assert.rejects(sending, /too long/);
  // Nothing is left of the connection at our side.
  assert.equal(
    await connection.read(new Uint8Array(1)).catch(() => null),
    null,
  );
});

Deno.test("SmtpTransport: no field of a mail can add a header or a recipient", async () => {
  await using rig = await startSmtp();
  await send(transportTo(rig), {
    subject: "Hello\r\nBcc: eve@example.org\r\n\r\nbody",
    text: "x",
  });
  const [{ email, to }] = rig.mails;
  assert.deepEqual(to, [MAIL.to]);
  assert.equal(email.subject, "Hello Bcc: eve@example.org body");
  assert.equal(email.text?.trim(), "x");
  assert.equal(email.bcc, undefined);
});
