import assert from "node:assert/strict";
import { ConfigError } from "./config_error.ts";
import { type ConfigFile, configJsonSchema, readConfigFile } from "./file.ts";

function read(file: unknown): Promise<ConfigFile> {
  return readConfigFile("f", () => Promise.resolve(JSON.stringify(file)));
}

async function refusal(text: string): Promise<string> {
  try {
    await readConfigFile("f", () => Promise.resolve(text));
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(!error.message.includes("\n"), "the message must be one line");
    return error.message;
  }
  throw new assert.AssertionError({ message: "the file was accepted" });
}

const ROUTE = { id: "best", targets: [{ provider: "a", model: "m1" }] };
const CACHE = {
  policy: "deterministic" as const,
  scope: "workspace" as const,
  ttlSeconds: 86_400,
  l1Bytes: 67_108_864,
};
const OIDC = {
  scopes: ["openid", "profile", "email"],
  groupsClaim: "groups",
  roles: [],
  defaultRole: "member",
  buttonLabel: null,
};
const ADMISSION = { maxStreams: null };
const BREAKER = { failures: 5, windowMs: 30_000, openMs: 15_000 };

const PRICE = {
  model: "m1",
  from: "2026-01-01",
  inputPerMillionUsd: "1.00",
  cachedInputPerMillionUsd: "0.10",
  outputPerMillionUsd: "2.00",
};

Deno.test("readConfigFile: prices, titles, retention and requestLog are taken as written", async () => {
  const file = {
    prices: [PRICE],
    titles: { enabled: false, model: "m1" },
    retention: { runEventsMinutes: 5, runsDays: 7, requestsDays: 8 },
    requestLog: { bodies: true, redact: ["email"] },
  };
  assert.deepEqual(await read(file), {
    providers: [],
    routes: [],
    breaker: BREAKER,
    cache: CACHE,
    admission: ADMISSION,
    oidc: OIDC,
    outgoing: { allow: [] },
    alerts: [],
    limits: [],
    budgets: [],
    ...file,
  });
});

Deno.test("readConfigFile: what a section leaves out has its documented default", async () => {
  const { outputPerMillionUsd, inputPerMillionUsd, model, from } = PRICE;
  const price = { model, from, inputPerMillionUsd, outputPerMillionUsd };
  assert.deepEqual(
    await read({
      prices: [price],
      titles: { model: "cheap" },
      retention: { runsDays: 1 },
    }),
    {
      providers: [],
      routes: [],
      breaker: BREAKER,
      cache: CACHE,
      admission: ADMISSION,
      prices: [price],
      limits: [],
      budgets: [],
      titles: { enabled: true, model: "cheap" },
      retention: { runEventsMinutes: 60, runsDays: 1, requestsDays: 90 },
      requestLog: { bodies: false, redact: [] },
      oidc: OIDC,
      outgoing: { allow: [] },
      alerts: [],
    },
  );
});

Deno.test("readConfigFile: what routes and the breaker leave out has its documented default", async () => {
  const { routes, breaker } = await read({
    routes: [{ ...ROUTE, timeoutsMs: { firstToken: 900 } }],
    breaker: { failures: 3 },
  });
  assert.deepEqual(routes, [{
    id: "best",
    strategy: "priority",
    targets: [{ provider: "a", model: "m1", weight: 1 }],
    retries: 2,
    timeoutsMs: {
      connect: 5000,
      firstToken: 900,
      tokenGap: 20_000,
      total: 600_000,
    },
  }]);
  assert.deepEqual(breaker, { ...BREAKER, failures: 3 });
});

Deno.test("readConfigFile: what the cache leaves out has its documented default", async () => {
  const { cache } = await read({ cache: { policy: "all", l1Bytes: 0 } });
  assert.deepEqual(cache, { ...CACHE, policy: "all", l1Bytes: 0 });
});

Deno.test("readConfigFile: the example of the limits is taken as written", async () => {
  const limits = [{
    subject: "key:*",
    requestsPerMinute: 60,
    tokensPerMinute: 100_000,
    concurrentRuns: 8,
  }];
  assert.deepEqual((await read({ limits })).limits, limits);
});

Deno.test("readConfigFile: no file and an empty one are the same", async () => {
  const none = await readConfigFile(undefined, () => Promise.reject());
  assert.deepEqual(none, await read({}));
});

Deno.test("readConfigFile: a model may have a new price from another day", async () => {
  const { prices } = await read({
    prices: [PRICE, { ...PRICE, from: "2026-07-01" }, { ...PRICE, model: "b" }],
  });
  assert.equal(prices.length, 3);
});

Deno.test("readConfigFile: an amount may have more than six decimals only where it stays exact", async () => {
  const exact = { ...PRICE, inputPerMillionUsd: "0.0750000000" };
  assert.equal((await read({ prices: [exact] })).prices.length, 1);
  const inexact = { ...PRICE, inputPerMillionUsd: "0.0750001000" };
  assert.match(
    await refusal(JSON.stringify({ prices: [inexact] })),
    /prices\.0\.inputPerMillionUsd: .*at most 6 decimals/,
  );
});

const REFUSALS: [section: string, value: unknown, expected: RegExp][] = [
  ["admission", { maxStreams: 0 }, /admission\.maxStreams: /],
  ["prices", {}, /prices: /],
  ["prices", [{ ...PRICE, model: "" }], /prices\.0\.model: /],
  [
    "prices",
    [{ ...PRICE, from: "2026-02-30" }],
    /prices\.0\.from: want a date/,
  ],
  ["prices", [{ ...PRICE, from: "January" }], /prices\.0\.from: want a date/],
  [
    "prices",
    [{ ...PRICE, from: "2026-01-01T00:00:00Z" }],
    /prices\.0\.from: want a date/,
  ],
  [
    "prices",
    [PRICE, { ...PRICE, model: "b", outputPerMillionUsd: "-1" }],
    /prices\.1\.outputPerMillionUsd: want US dollars/,
  ],
  [
    "prices",
    [{ ...PRICE, outputPerMillionUsd: 2 }],
    /prices\.0\.outputPerMillionUsd: /,
  ],
  [
    "prices",
    [{ ...PRICE, outputPerMillionUsd: "two" }],
    /prices\.0\.outputPerMillionUsd: want US dollars/,
  ],
  [
    "prices",
    [{ ...PRICE, cachedInputPerMillionUsd: "1e-3" }],
    /prices\.0\.cachedInputPerMillionUsd: want US dollars/,
  ],
  [
    "prices",
    [{ model: "m1", from: "2026-01-01", inputPerMillionUsd: "1" }],
    /prices\.0\.outputPerMillionUsd: /,
  ],
  ["prices", [{ ...PRICE, currency: "EUR" }], /prices\.0\.currency/],
  [
    "prices",
    [PRICE, { ...PRICE, inputPerMillionUsd: "3" }],
    /prices\.1: model "m1" has another price from "2026-01-01"/,
  ],
  [
    "prices",
    [{ ...PRICE, model: "a\nb" }, { ...PRICE, model: "a\nb" }],
    /prices\.1: model "a b" has another price/,
  ],
  ["routes", {}, /routes: /],
  ["routes", [ROUTE, ROUTE], /routes\.1\.id: route "best" is there twice/],
  ["routes", [{ ...ROUTE, id: "a/m1" }], /routes\.0\.id: want letters/],
  ["routes", [{ ...ROUTE, targets: [] }], /routes\.0\.targets: /],
  ["routes", [{ ...ROUTE, strategy: "fastest" }], /routes\.0\.strategy: /],
  ["routes", [{ ...ROUTE, retries: -1 }], /routes\.0\.retries: /],
  [
    "routes",
    [{ ...ROUTE, targets: [{ ...ROUTE.targets[0], weight: -1 }] }],
    /routes\.0\.targets\.0\.weight: /,
  ],
  [
    "routes",
    [{ ...ROUTE, timeoutsMs: { total: 1e12 } }],
    /routes\.0\.timeoutsMs\.total: /,
  ],
  ["routes", [{ ...ROUTE, fallback: true }], /routes\.0\.fallback/],
  ["breaker", { failures: 0 }, /breaker\.failures: /],
  ["breaker", { openMs: 0.5 }, /breaker\.openMs: /],
  ["breaker", { open: 1 }, /breaker\.open/],
  ["cache", { policy: "some" }, /cache\.policy: /],
  ["cache", { scope: "group" }, /cache\.scope: /],
  ["cache", { ttlSeconds: 0 }, /cache\.ttlSeconds: /],
  ["cache", { l1Bytes: -1 }, /cache\.l1Bytes: /],
  ["cache", { maxBytes: 1 }, /cache\.maxBytes/],
  ["limits", {}, /limits: /],
  ["limits", [{ subject: "team:*" }], /limits\.0\.subject: want workspace/],
  ["limits", [{ subject: "key" }], /limits\.0\.subject: want workspace/],
  [
    "limits",
    [{ subject: "key:*", requestsPerMinute: 1.5 }],
    /limits\.0\.requestsPerMinute: /,
  ],
  [
    "limits",
    [{ subject: "key:*", tokensPerMinute: -1 }],
    /limits\.0\.tokensPerMinute: /,
  ],
  [
    "limits",
    [{ subject: "key:*", requestsPerSecond: 1 }],
    /limits\.0\.requestsPerSecond/,
  ],
  [
    "limits",
    [{ subject: "key:*" }, { subject: "key:*" }],
    /limits\.1\.subject: subject "key:\*" is there twice/,
  ],
  ["titles", { enabled: "yes" }, /titles\.enabled: /],
  ["titles", { model: "" }, /titles\.model: /],
  ["titles", { words: 3 }, /titles\.words/],
  ["titles", null, /titles: /],
  ["retention", { runsDays: 0 }, /retention\.runsDays: /],
  ["retention", { runEventsMinutes: -1 }, /retention\.runEventsMinutes: /],
  ["retention", { requestsDays: 1.5 }, /retention\.requestsDays: /],
  ["retention", { requestsDays: "90" }, /retention\.requestsDays: /],
  ["retention", { days: 1 }, /retention\.days/],
  ["requestLog", { bodies: "yes" }, /requestLog\.bodies: /],
  ["requestLog", { redact: ["name"] }, /requestLog\.redact\.0: /],
  ["requestLog", { headers: true }, /requestLog\.headers/],
  ["outgoing", { allow: ["http://hooks.internal"] }, /outgoing\.allow\.0: /],
  [
    "budgets",
    [{ subject: "key:*", period: "year" }],
    /budgets\.0\.period: /,
  ],
  [
    "budgets",
    [{ subject: "key", period: "day" }],
    /budgets\.0\.subject: want workspace/,
  ],
  [
    "budgets",
    [{ subject: "key:*", period: "day", usd: 1 }],
    /budgets\.0\.usd: /,
  ],
  [
    "budgets",
    [{ subject: "key:*", period: "day", usd: "-1" }],
    /budgets\.0\.usd: want US dollars/,
  ],
  [
    "budgets",
    [{ subject: "key:*", period: "day", tokens: 1.5 }],
    /budgets\.0\.tokens: /,
  ],
  [
    "budgets",
    [{ subject: "key:*", period: "day", softRatio: 0 }],
    /budgets\.0\.softRatio: /,
  ],
  [
    "budgets",
    [
      { subject: "key:*", period: "day", usd: "1" },
      { subject: "key:*", period: "day" },
    ],
    /budgets\.1: subject "key:\*" has another budget for "day"/,
  ],
];

for (const [section, value, expected] of REFUSALS) {
  Deno.test(`readConfigFile: wrong ${section} end with "${expected.source}"`, async () => {
    const message = await refusal(JSON.stringify({ [section]: value }));
    assert.match(message, expected);
    assert.match(message, /FRESHET_CONFIG="f"/);
  });
}

Deno.test("readConfigFile: a file of several lines that is not JSON is told in one line", async () => {
  assert.match(await refusal('{\n  "titles":\n  nope\n}\n'), /want JSON/);
});

Deno.test("configJsonSchema: describes the sections and refuses others", () => {
  const schema = configJsonSchema();
  assert.deepEqual(Object.keys(schema.properties as object), [
    "$schema",
    "providers",
    "routes",
    "breaker",
    "admission",
    "cache",
    "budgets",
    "prices",
    "limits",
    "titles",
    "retention",
    "requestLog",
    "outgoing",
    "alerts",
    "oidc",
  ]);
  assert.equal(schema.additionalProperties, false);
  assert.equal(schema.required, undefined);
});

Deno.test("readConfigFile: oidc is taken as written, and wrong roles are refused", async () => {
  const oidc = {
    scopes: ["openid", "email"],
    groupsClaim: "realm_access.roles",
    roles: [{ group: "ops", role: "admin" }],
    defaultRole: null,
    buttonLabel: "Our sign-in",
  };
  assert.deepEqual((await read({ oidc })).oidc, oidc);
  const wrong: unknown[] = [
    { roles: [{ group: "ops", role: "root" }] },
    { roles: [{ group: "", role: "admin" }] },
    { scopes: ["two words"] },
    { defaultRole: "nobody" },
    { groupsClaim: "" },
  ];
  for (const oidc of wrong) {
    assert.match(await refusal(JSON.stringify({ oidc })), /oidc\./);
  }
});

Deno.test("readConfigFile: budgets are taken as the documentation writes them", async () => {
  const budgets = [{
    subject: "key:*",
    period: "day",
    usd: "1.00",
    tokens: null,
    softRatio: 0.8,
  }];
  assert.deepEqual((await read({ budgets })).budgets, budgets);
});

Deno.test("readConfigFile: a rule of an alert is new and whole, or changes one that is there", async () => {
  const { alerts } = await read({
    alerts: [
      {
        id: "errors",
        metric: "error_rate",
        window: "5m",
        above: 0.01,
        for: "2m",
        severity: "warning",
      },
      { id: "memory", enabled: false },
    ],
  });
  assert.deepEqual(alerts.map(({ id }) => id), ["errors", "memory"]);
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ id: "new" }, /alerts\.0\.metric: rule "new" is new/],
    [{ id: "new", metric: "cost" }, /alerts\.0\.above: rule "new" is new/],
    [{ id: "memory", window: "soon" }, /alerts\.0\.window: want a length/],
    [{ id: "memory", window: "0s" }, /alerts\.0\.window: want a length/],
    [{ id: "memory", above: 1, below: 2 }, /give above or below/],
    [{ id: "memory", treshold: 2 }, /section "alerts\.0\.treshold" is not/],
    [{ id: "Memory!" }, /alerts\.0\.id: want a to z/],
  ];
  for (const [rule, expected] of wrong) {
    const text = JSON.stringify({ alerts: [rule] });
    assert.match(await refusal(text), expected, text);
  }
  const twice = { alerts: [{ id: "memory" }, { id: "memory" }] };
  assert.match(await refusal(JSON.stringify(twice)), /is there twice/);
});
