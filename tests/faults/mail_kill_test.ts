/** Mails over real processes on one store, and a real server that takes them. */
import assert from "node:assert/strict";
import { type SmtpRig, startSmtp } from "@/lib/mail/testing/smtp_rig.ts";
import type { Mail } from "@/lib/shared/wire.ts";
import { type ServerProcess, startProcess } from "../support/process.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { waitFor } from "../support/wait.ts";

const STEP_DEADLINE_MS = 60_000;

async function withFolder(
  body: (start: () => Promise<ServerProcess>) => Promise<void>,
  { port }: SmtpRig,
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const env = {
    ...PASSWORD_MODE,
    SMTP_URL: `smtp://127.0.0.1:${port}`,
    MAIL_FROM: "app@example.org",
    PUBLIC_URL: "http://localhost:8000",
    TRUSTED_PROXIES: "127.0.0.1",
  };
  try {
    await body(() => startProcess(dataDir, { env }));
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** As a proxy at `PUBLIC_URL` passes it on. */
const VIA = {
  "x-forwarded-for": "192.0.2.1",
  "x-forwarded-host": "localhost:8000",
  "x-forwarded-proto": "http",
};

async function invite(server: ServerProcess, name: string): Promise<void> {
  const owner = await signedIn(server, OWNER, VIA);
  const invitation = { email: `${name}@example.org`, role: "member" };
  const response = await owner.send(
    "POST",
    "/api/invitations",
    invitation,
    VIA,
  );
  assert.equal(response.status, 201, await response.text());
}

/** The mails once there are so many and all have been sent. */
async function untilSent(
  server: ServerProcess,
  count: number,
): Promise<Mail[]> {
  const owner = await signedIn(server, OWNER, VIA);
  return await waitFor(`the end of ${count} mails`, async () => {
    const response = await owner.fetch("/api/mail", { headers: VIA });
    const { items }: { items: Mail[] } = await response.json();
    return items.length === count &&
      items.every(({ state }) => state === "sent") && items;
  }, STEP_DEADLINE_MS);
}

const idsOf = ({ mails }: SmtpRig) => mails.map(({ email }) => email.messageId);

Deno.test("mail: a process that dies between the server's yes and its own note sends it twice at most, as one mail", async () => {
  await using smtp = await startSmtp({ isPlain: true });
  const yes = Promise.withResolvers<void>();
  smtp.beforeYes = () => yes.promise;
  await withFolder(async (start) => {
    const first = await start();
    await invite(first, "jane");
    await waitFor("the mail", () => smtp.mails[0], STEP_DEADLINE_MS);
    await first.kill("SIGKILL");
    smtp.beforeYes = () => {};
    yes.resolve();
    await using second = await start();
    const [mail] = await untilSent(second, 1);
    assert.equal(mail.attempts, 2);
    const ids = idsOf(smtp);
    assert.equal(ids.length, 2);
    assert.equal(ids[0], ids[1]);
  }, smtp);
});

Deno.test("mail: two processes on one store send each mail once", async () => {
  await using smtp = await startSmtp({ isPlain: true });
  await withFolder(async (start) => {
    await using first = await start();
    await using second = await start();
    const names = Array.from({ length: 8 }, (_, index) => `person-${index}`);
    for (const [index, name] of names.entries()) {
      await invite(index % 2 === 0 ? first : second, name);
    }
    await untilSent(second, names.length);
    assert.deepEqual(
      smtp.mails.flatMap(({ to }) => to).sort(),
      names.map((name) => `${name}@example.org`),
    );
    assert.equal(new Set(idsOf(smtp)).size, names.length);
  }, smtp);
});
