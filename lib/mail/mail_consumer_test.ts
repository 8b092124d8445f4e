import assert from "node:assert/strict";
import type { ConsumedEvent } from "@/lib/events/consumer.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Mail } from "./mail.ts";
import { type Audience, MailConsumer } from "./mail_consumer.ts";

function person(id: string) {
  return { id, email: `${id}@example.org` };
}

function consumer(
  { isOn = true, admins = 2 }: { isOn?: boolean; admins?: number } = {},
) {
  const mails: Mail[] = [];
  const audience: Audience = {
    admins: () =>
      Promise.resolve(
        Array.from({ length: admins }, (_, index) => person(`usr_${index}`)),
      ),
    user: (id) => Promise.resolve(person(id)),
    workspaceName: () => Promise.resolve("Mill"),
    subjectWords: (_, subject) => Promise.resolve(subject),
    page: (path) => `https://example.org${path}`,
  };
  const mailer = {
    isOn,
    add: (unit: UnitOfWork, mail: Mail) => {
      mails.push(mail);
      return Promise.resolve(unit);
    },
    wake: () => {},
  };
  return { mails, consumer: new MailConsumer(mailer, audience) };
}

function event(index: number, type: string, subject: string): ConsumedEvent {
  const data = { period: "day", spentMicroUsd: 1, limitMicroUsd: 1 };
  return {
    space: "wsp_1",
    versionstamp: "v",
    index,
    event: { type, at: 0, subject, data },
  };
}

const handle = (made: MailConsumer, events: ConsumedEvent[]) =>
  made.handle(events, new UnitOfWork(), AbortSignal.timeout(10_000));

Deno.test("MailConsumer: admins, and whose budget it is, get one mail each, under constant ids", async () => {
  const { mails, consumer: made } = consumer();
  const events = [
    event(0, "run.completed", "run_1"),
    event(1, "budget.warned", "user:usr_1"),
    event(2, "budget.exceeded", "user:usr_9"),
  ];
  assert.equal(await handle(made, events), 3);
  const ids = mails.map(({ id }) => id);
  assert.deepEqual(ids, [
    "budget.warned.v.1.usr_0",
    "budget.warned.v.1.usr_1",
    "budget.exceeded.v.2.usr_0",
    "budget.exceeded.v.2.usr_1",
    "budget.exceeded.v.2.usr_9",
  ]);
  await handle(made, events);
  assert.deepEqual(mails.slice(5).map(({ id }) => id), ids);
  assert.ok(mails.every(({ workspace }) => workspace === "wsp_1"));
});

Deno.test("MailConsumer: many mails are stored in several steps", async () => {
  const { mails, consumer: made } = consumer({ admins: 100 });
  const events = [0, 1, 2].map((index) =>
    event(index, "budget.warned", "key:key_1")
  );
  assert.equal(await handle(made, events), 1);
  assert.equal(mails.length, 8);
});

Deno.test("MailConsumer: where no mail can be sent, events pass", async () => {
  const { mails, consumer: made } = consumer({ isOn: false });
  const events = [event(0, "budget.warned", "key:key_1")];
  assert.equal(await handle(made, events), 1);
  assert.deepEqual(mails, []);
});
