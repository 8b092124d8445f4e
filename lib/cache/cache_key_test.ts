import assert from "node:assert/strict";
import { type CacheSettings, DEFAULT_CACHE } from "@/lib/config/cache.ts";
import { cacheKey, type Question } from "./cache_key.ts";

const ALL: CacheSettings = { ...DEFAULT_CACHE, policy: "all" };
const MESSAGES = [{ role: "user", content: "Hi" }];

function question(change: Partial<Question> = {}): Question {
  return {
    subject: { workspace: "wsp_1", user: "usr_1", key: "key_1" },
    target: "a/m1",
    form: "chunks",
    body: { messages: MESSAGES, temperature: 0 },
    ...change,
  };
}

const hashOf = (change: Partial<Question> = {}, settings = ALL) =>
  cacheKey(settings, question(change))?.hash;

Deno.test("cacheKey: the order of names makes no difference, at any depth", () => {
  const one = { a: { x: 1, y: [{ p: 1, q: 2 }] }, b: 2 };
  const other = { b: 2, a: { y: [{ q: 2, p: 1 }], x: 1 } };
  assert.equal(hashOf({ body: one }), hashOf({ body: other }));
});

Deno.test("cacheKey: what cannot change the answer makes no difference", () => {
  const body = {
    ...question().body,
    model: "m1",
    stream: true,
    stream_options: { include_usage: true },
    user: "someone",
    safety_identifier: "x",
    metadata: { a: "b" },
    store: true,
    prompt_cache_key: "k",
    temperature_of: undefined,
  };
  assert.equal(hashOf({ body }), hashOf());
});

const DIFFERENT: Record<string, Partial<Question>> = {
  "another message": {
    body: { messages: [{ role: "user", content: "Hi!" }], temperature: 0 },
  },
  "another order of messages": {
    body: { messages: [{ role: "user" }, { role: "system" }], temperature: 0 },
  },
  "another temperature": { body: { messages: MESSAGES, temperature: 1 } },
  "a field that is not known": {
    body: { messages: MESSAGES, temperature: 0, top_q: 1 },
  },
  "null in place of nothing": {
    body: { messages: MESSAGES, temperature: 0, stop: null },
  },
  "a text in place of a number": {
    body: { messages: MESSAGES, temperature: "0" },
  },
  "the user inside a message": {
    body: {
      messages: [{ role: "user", content: "Hi", user: "u" }],
      temperature: 0,
    },
  },
  "another target": { target: "a/m2" },
  "another form": { form: "chat" },
  "another workspace": {
    subject: { workspace: "wsp_2", user: "usr_1", key: "key_1" },
  },
};

for (const [name, change] of Object.entries(DIFFERENT)) {
  Deno.test(`cacheKey: ${name} is another question`, () => {
    assert.notEqual(hashOf(change), hashOf());
  });
}

Deno.test("cacheKey: lists of different shape are different questions", () => {
  const bodies = [
    { a: [[1], 2] },
    { a: [[1, 2]] },
    { a: [1, 2] },
    { a: ["1", 2] },
    { a: "[1,2,]" },
    { a: [1], b: [2] },
    { a: { 0: 1, 1: 2 } },
  ];
  const hashes = new Set(bodies.map((body) => hashOf({ body })));
  assert.equal(hashes.size, bodies.length);
});

Deno.test("cacheKey: the scope says whose requests are one question", () => {
  const subjects = [
    { workspace: "wsp_1", user: "usr_1", key: "key_1" },
    { workspace: "wsp_1", user: "usr_1", key: "key_2" },
    { workspace: "wsp_1", user: "usr_2", key: "key_3" },
    { workspace: "wsp_1", user: "usr_1", key: null },
    { workspace: "wsp_2", user: "usr_1", key: "key_1" },
  ];
  const groups = (["workspace", "user", "key"] as const).map((scope) => {
    const hashes = subjects.map((subject) =>
      hashOf({ subject }, { ...ALL, scope })
    );
    return hashes.map((hash) => hashes.indexOf(hash));
  });
  assert.deepEqual(groups, [
    [0, 0, 0, 0, 4],
    [0, 0, 2, 0, 4],
    [0, 1, 2, 3, 4],
  ]);
});

const POLICIES: [CacheSettings["policy"], Question["body"], boolean][] = [
  ["off", { temperature: 0 }, false],
  ["deterministic", {}, false],
  ["deterministic", { temperature: 0.1 }, false],
  ["deterministic", { temperature: null }, false],
  ["deterministic", { seed: null }, false],
  ["deterministic", { temperature: 0 }, true],
  ["deterministic", { temperature: 1, seed: 7 }, true],
  ["all", { temperature: 1 }, true],
];

for (const [policy, body, isKept] of POLICIES) {
  Deno.test(`cacheKey: policy ${policy} ${isKept ? "keeps" : "leaves"} ${JSON.stringify(body)}`, () => {
    const key = cacheKey({ ...DEFAULT_CACHE, policy }, question({ body }));
    assert.equal(key !== null, isKept);
  });
}

Deno.test("cacheKey: calls with tools or several choices are shared under policy all only", () => {
  const bodies = [
    { seed: 1 },
    { seed: 1, n: 1 },
    { seed: 1, n: null, tools: null },
    { seed: 1, n: 2 },
    { seed: 1, tools: [] },
    { seed: 1, functions: [] },
  ];
  const may = (settings: CacheSettings) =>
    bodies.map((body) => cacheKey(settings, question({ body }))?.mayJoin);
  assert.deepEqual(may(DEFAULT_CACHE), [true, true, true, false, false, false]);
  assert.deepEqual(may(ALL), [true, true, true, true, true, true]);
});

Deno.test("cacheKey: what is too large or too deep has no key", () => {
  const deep = JSON.parse("[".repeat(5_000) + "]".repeat(5_000));
  assert.equal(hashOf({ body: { deep } }), undefined);
  const large = "x".repeat(2_000_001);
  assert.equal(hashOf({ body: { large } }), undefined);
  const many = Array.from({ length: 700_000 }, () => 1);
  assert.equal(hashOf({ body: { many, more: many } }), undefined);
});
