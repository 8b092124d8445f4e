import assert from "node:assert/strict";
import { auditEvent, by, readAuditData } from "./audit_event.ts";

Deno.test("auditEvent: facts that the type does not list are dropped", () => {
  const details = { name: "robot", token: "t0psecret", hash: "h4sh" };
  const event = auditEvent("key.created", {
    actor: { user: "usr_1", key: null },
    subject: "key_1",
    details,
    address: "192.0.2.1",
    at: 5,
  });
  assert.deepEqual(event, {
    type: "key.created",
    at: 5,
    subject: "key_1",
    data: {
      actor: { user: "usr_1", key: null },
      address: "192.0.2.1",
      details: { name: "robot" },
    },
  });
});

Deno.test("auditEvent: what looks like a key is masked, wherever it stands", () => {
  const key = `frk_${"a".repeat(40)}`;
  const event = auditEvent("key.created", {
    actor: null,
    subject: `x ${key}`,
    details: { name: `my ${key}`, models: [key, "gpt"] },
  });
  assert.ok(!JSON.stringify(event).includes("aaaa"), JSON.stringify(event));
});

Deno.test("auditEvent: long texts and lists are cut, and stay well formed", () => {
  const event = auditEvent("key.created", {
    actor: null,
    subject: "🦆".repeat(500),
    details: {
      name: `${"x".repeat(498)}🦆🦆`,
      models: Array.from({ length: 500 }, () => "y".repeat(5_000)),
    },
  });
  const { details } = readAuditData(event)!;
  assert.ok(event.subject.length <= 200);
  assert.ok(event.subject.isWellFormed());
  const name = String(details.name);
  assert.ok(name.length <= 500 && name.endsWith("…") && name.isWellFormed());
  assert.ok(JSON.stringify(event).length < 12_000);
});

Deno.test("by: names the key where a request came by one", () => {
  const caller = { user: "usr_1", key: null, address: "::1" };
  assert.deepEqual(by(caller), {
    actor: { user: "usr_1", key: null },
    address: "::1",
  });
  const key = {
    id: "key_1",
    scopes: [],
    models: null,
    endpoints: null,
    isReadOnly: false,
  };
  assert.deepEqual(by({ ...caller, key }).actor, {
    user: "usr_1",
    key: "key_1",
  });
});

Deno.test("readAuditData: other events are not for the log", () => {
  const event = { type: "run.completed", at: 0, subject: "run_1", data: {} };
  assert.equal(readAuditData(event), null);
  assert.equal(readAuditData({ ...event, type: "key.created" }), null);
});
