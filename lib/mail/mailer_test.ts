import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import { fence } from "@/lib/kv/fence.ts";
import { auditNoteKey } from "@/lib/kv/keys.ts";
import { BRIEF_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { MailStore } from "./mail_store.ts";
import { retryDelayMs, TRIED_FOR_MS } from "./retry_delay.ts";
import {
  MAIL,
  mailProcess,
  ScriptedTransport,
  sealer,
  untilMail,
  WORKSPACE,
} from "./testing/mailer_rig.ts";
import { MailRefused } from "./transport.ts";

const isSent = ({ state }: { state: string }) => state === "sent";

Deno.test("Mailer: a mail goes out as it was handed over, and its body is not kept", async () => {
  using test = await openTestStore();
  const transport = new ScriptedTransport();
  await test.drive((async () => {
    const { mailer, mails } = await mailProcess(test.store, transport);
    mailer.start();
    await mailer.send(MAIL);
    const record = await untilMail(test.calm, mails, isSent);
    const { subject, text, html, to } = MAIL;
    const { messageId, ...sent } = transport.tries[0];
    assert.deepEqual(
      [sent.subject, sent.text, sent.html, sent.to],
      [subject, text, html, to],
    );
    assert.equal(messageId, "mail-1@example.org");
    assert.equal(record.sealed, "");
    assert.equal(record.attempts, 1);
    await mailer.stop(1_000);
  })());
});

Deno.test("Mailer: while it waits, nothing of a mail's body can be read in the store", async () => {
  using test = await openTestStore();
  await test.drive((async () => {
    const { mailer, mails } = await mailProcess(
      test.store,
      new ScriptedTransport(),
    );
    await mailer.send(MAIL);
    const [record] = await mails.page(WORKSPACE, null, 1);
    assert.equal(record.state, "queued");
    assert.ok(!JSON.stringify(record).includes("secret"));
  })());
});

Deno.test("Mailer: a mail of a unit is there with the unit, or not at all", async () => {
  using test = await openTestStore();
  const transport = new ScriptedTransport();
  await test.drive((async () => {
    const { mailer, mails } = await mailProcess(test.store, transport);
    mailer.start();
    const key = auditNoteKey(WORKSPACE, "cause");
    const unit = async (id: string) =>
      await mailer.add(
        new UnitOfWork().guard(key, null, { v: 1 }),
        { ...MAIL, id },
      );
    assert.ok((await commit(test.store, await unit("first"))).ok);
    assert.ok(!(await commit(test.store, await unit("second"))).ok);
    mailer.wake();
    await untilMail(test.calm, mails, isSent);
    assert.deepEqual(
      (await mails.page(WORKSPACE, null, 10)).map(({ id }) => id),
      ["first"],
    );
    await mailer.stop(1_000);
  })());
});

Deno.test("Mailer: a mail of an id that was sent is not sent again", async () => {
  using test = await openTestStore();
  const transport = new ScriptedTransport();
  await test.drive((async () => {
    const { mailer, mails } = await mailProcess(test.store, transport);
    mailer.start();
    await mailer.send(MAIL);
    await untilMail(test.calm, mails, isSent);
    await mailer.send(MAIL);
    await mailer.send({ ...MAIL, id: "mail-2" });
    await untilMail(
      test.calm,
      mails,
      (record) => record.id === "mail-2" && isSent(record),
    );
    assert.deepEqual(
      transport.tries.map(({ messageId }) => messageId),
      ["mail-1@example.org", "mail-2@example.org"],
    );
    await mailer.stop(1_000);
  })());
});

Deno.test("Mailer: what may pass is tried again until it does", async () => {
  using test = await openTestStore();
  const transport = new ScriptedTransport();
  transport.answer = () => {
    if (transport.tries.length < 4) throw new Error("451 Try again");
  };
  await test.drive((async () => {
    const { mailer, mails } = await mailProcess(test.store, transport, {
      random: () => 1,
    });
    const begin = test.clock.now();
    mailer.start();
    await mailer.send(MAIL);
    const record = await untilMail(test.calm, mails, isSent);
    assert.equal(record.attempts, 4);
    assert.ok(record.sentAt! - begin >= 5_000 + 10_000 + 20_000);
    assert.equal(new Set(transport.tries.map((t) => t.messageId)).size, 1);
    await mailer.stop(1_000);
  })());
});

Deno.test("Mailer: what is refused is dead at once, with the reason", async () => {
  using test = await openTestStore();
  const transport = new ScriptedTransport();
  transport.answer = () => {
    throw new MailRefused("550 No such user");
  };
  await test.drive((async () => {
    const { mailer, mails } = await mailProcess(test.store, transport);
    mailer.start();
    await mailer.send(MAIL);
    const record = await untilMail(
      test.calm,
      mails,
      ({ state }) => state === "dead",
    );
    assert.deepEqual(
      [record.attempts, record.error, record.sealed, record.dueAt],
      [1, "550 No such user", "", null],
    );
    await mailer.stop(1_000);
  })());
});

Deno.test("Mailer: after a day of failures a mail is dead", async () => {
  using test = await openTestStore();
  const transport = new ScriptedTransport();
  transport.answer = () => {
    throw new Error("Connection refused");
  };
  await test.drive((async () => {
    const { mailer, mails } = await mailProcess(test.store, transport, {
      random: () => 1,
    });
    mailer.start();
    await mailer.send(MAIL);
    const failed = (attempts: number) =>
      untilMail(
        test.calm,
        mails,
        (mail) => mail.attempts >= attempts && mail.state !== "sending",
      );
    assert.equal((await failed(1)).state, "queued");
    test.clock.advance(TRIED_FOR_MS / 2);
    assert.equal((await failed(2)).state, "queued");
    test.clock.advance(TRIED_FOR_MS / 2);
    const record = await failed(3);
    assert.deepEqual(
      [record.state, record.error],
      ["dead", "Connection refused"],
    );
    await mailer.stop(1_000);
  })());
});

Deno.test("Mailer: a mail that is of no use any more is not sent", async () => {
  using test = await openTestStore();
  const transport = new ScriptedTransport();
  await test.drive((async () => {
    const { mailer, mails } = await mailProcess(test.store, transport);
    await mailer.send({ ...MAIL, expiresAt: test.clock.now() });
    mailer.start();
    await untilMail(test.calm, mails, ({ state }) => state === "dead");
    assert.equal(transport.tries.length, 0);
    await mailer.stop(1_000);
  })());
});

Deno.test("Mailer: two processes on a store that misbehaves lose no mail, and send none at the same time", async () => {
  using test = await openTestStore();
  const transport = new ScriptedTransport();
  const open = new Set<string>();
  let isTwice = false;
  transport.answer = async ({ messageId }) => {
    isTwice ||= open.has(messageId);
    open.add(messageId);
    await new Promise<void>((resolve) => test.store.clock.after(50, resolve));
    open.delete(messageId);
  };
  const ids = Array.from({ length: 25 }, (_, index) => `mail-${index}`);
  await test.drive((async () => {
    const first = await mailProcess(test.store, transport);
    const second = await mailProcess({ ...test.store }, transport);
    for (const id of ids) await first.mails.create({ ...MAIL, id });
    test.faults.randomly(7, 0.1, BRIEF_FAULTS);
    first.mailer.start();
    second.mailer.start();
    const calm = new MailStore(
      test.calm,
      () => first.owner.incarnation,
      sealer(),
    );
    while (!(await calm.page(WORKSPACE, null, 100)).every(isSent)) {
      await new Promise<void>((resolve) => test.clock.after(500, resolve));
    }
    test.faults.heal();
    assert.equal(isTwice, false);
    const sent = new Set(transport.tries.map(({ messageId }) => messageId));
    assert.equal(sent.size, ids.length);
    await Promise.all([first.mailer.stop(1_000), second.mailer.stop(1_000)]);
  })());
});

Deno.test("Mailer: two processes on a store in good order send each mail once", async () => {
  using test = await openTestStore();
  const transport = new ScriptedTransport();
  const ids = Array.from({ length: 40 }, (_, index) => `mail-${index}`);
  await test.drive((async () => {
    const first = await mailProcess(test.store, transport);
    const second = await mailProcess({ ...test.store }, transport);
    first.mailer.start();
    second.mailer.start();
    for (const id of ids) await first.mailer.send({ ...MAIL, id });
    while (
      !(await first.mails.page(WORKSPACE, null, 100)).every(isSent)
    ) await new Promise<void>((resolve) => test.clock.after(50, resolve));
    assert.deepEqual(
      transport.tries.map(({ messageId }) => messageId).sort(),
      ids.map((id) => `${id}@example.org`).sort(),
    );
    await Promise.all([first.mailer.stop(1_000), second.mailer.stop(1_000)]);
  })());
});

Deno.test("Mailer: what a fenced process was sending is sent by another, under the same Message-ID", async () => {
  using test = await openTestStore();
  const stuck = new ScriptedTransport();
  stuck.answer = (_mail, signal) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  const transport = new ScriptedTransport();
  await test.drive((async () => {
    const first = await mailProcess(test.store, stuck);
    const second = await mailProcess({ ...test.store }, transport);
    first.mailer.start();
    await first.mailer.send(MAIL);
    await untilMail(test.calm, first.mails, () => stuck.tries.length === 1);
    second.mailer.start();
    // However long it takes: a process that lives keeps its mail.
    await new Promise<void>((resolve) => test.clock.after(40_000, resolve));
    assert.equal(transport.tries.length, 0);
    assert.ok(await fence(test.calm, first.owner.incarnation.id));
    const record = await untilMail(test.calm, second.mails, isSent);
    assert.equal(record.attempts, 2);
    assert.equal(transport.tries[0].messageId, stuck.tries[0].messageId);
    await Promise.all([first.mailer.stop(0), second.mailer.stop(1_000)]);
    // What the frozen one says at last changes nothing.
    assert.ok(isSent((await second.mails.page(WORKSPACE, null, 1))[0]));
  })());
});

Deno.test("Mailer: a mail on its way when the process stops waits for the next one", async () => {
  using test = await openTestStore();
  const stuck = new ScriptedTransport();
  stuck.answer = (_mail, signal) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  await test.drive((async () => {
    const { mailer, mails } = await mailProcess(test.store, stuck);
    mailer.start();
    await mailer.send(MAIL);
    await untilMail(test.calm, mails, () => stuck.tries.length === 1);
    await mailer.stop(0);
    const [record] = await mails.page(WORKSPACE, null, 1);
    assert.equal(record.state, "queued");
  })());
});

Deno.test("Mailer: without a transport nothing is stored", async () => {
  using test = await openTestStore();
  await test.drive((async () => {
    const { mailer, mails } = await mailProcess(test.store, null);
    mailer.start();
    assert.equal(mailer.isOn, false);
    await mailer.send(MAIL);
    assert.deepEqual(await mails.page(WORKSPACE, null, 10), []);
    await mailer.stop(0);
  })());
});

Deno.test("Mailer: what is not one plain address is refused", async () => {
  using test = await openTestStore();
  await test.drive((async () => {
    const { mailer } = await mailProcess(test.store, new ScriptedTransport());
    for (
      const to of [
        "jane@example.org, eve@example.org",
        "jane@example.org\r\nBcc: eve@example.org",
        "Jane <jane@example.org>",
        "jane",
        "",
      ]
    ) await assert.rejects(mailer.send({ ...MAIL, to }), TypeError, to);
  })());
});

Deno.test("retryDelayMs: anything up to a cap that grows to a minute, then to a quarter of an hour", () => {
  const caps = [1, 2, 3, 4, 5, 6, 7, 8, 9, 50].map((n) => retryDelayMs(n, 1));
  assert.deepEqual(
    caps.map((ms) => ms / 1_000),
    [5, 10, 20, 40, 60, 120, 240, 480, 900, 900],
  );
  assert.equal(retryDelayMs(3, 0), 0);
  assert.equal(retryDelayMs(3, 0.5), 10_000);
});
