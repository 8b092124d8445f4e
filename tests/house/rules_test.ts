/** House rules that a paragraph in a document would not keep. */
import assert from "node:assert/strict";
import { walkFiles } from "@/scripts/walk_files.ts";
import { readImports } from "./imports.ts";

const STAND_INS = [
  "lib/fresh",
  "lib/fresh-vite",
  "lib/std-streams",
  "lib/std-testing",
];
const SERVICES = [
  "lib/alerts",
  "lib/anomalies",
  "lib/backups",
  "lib/chat",
  "lib/documents",
  "lib/gateway",
  "lib/health",
  "lib/jobs/kinds",
  "lib/model_access",
  "lib/notifications",
  "lib/schedules",
  "lib/webhooks",
  "lib/auth",
  "lib/personal_data",
];
const MECHANISMS = [
  "lib/streams",
  "lib/llm",
  "lib/cache",
  "lib/limits",
  "lib/events",
  "lib/files",
  // The queue; what its jobs do is in the services' part of it.
  "lib/jobs",
  "lib/audit",
  "lib/mail",
  "lib/net",
  "lib/secrets",
  // The sums of usage; who asks for them is above.
  "lib/usage",
];

/** What stands above the services. */
const TOP = [
  "routes",
  "lib/http",
  "lib/background.ts",
  "lib/lifespan.ts",
  "lib/services.ts",
];

const within = (path: string, folders: string[]) =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

const isMechanism = (path: string) =>
  within(path, MECHANISMS) && !within(path, SERVICES);

const isTest = (path: string) =>
  /_test\.tsx?$/.test(path) || path.includes("/testing/");

/** An arrow that must not be there: what it is called, and when an import is one. */
const FORBIDDEN: {
  name: string;
  applies: (from: string, to: string) => boolean;
}[] = [
  {
    name: "a stand-in imports the app",
    applies: (from, to) =>
      within(from, STAND_INS) &&
      /^(lib|routes|islands|components|scripts)\//.test(to) &&
      !within(to, [STAND_INS.find((folder) => within(from, [folder]))!]),
  },
  {
    name: "an island or component imports a service or a mechanism",
    applies: (from, to) =>
      within(from, ["islands", "components"]) && to.startsWith("lib/") &&
      !within(to, ["lib/shared"]),
  },
  {
    name: "shared code imports what a browser has not",
    applies: (from, to) =>
      within(from, ["lib/shared"]) &&
      (to.startsWith("node:") ||
        (to.startsWith("lib/") && !within(to, ["lib/shared"]))),
  },
  {
    name: "kv imports a mechanism, a service or a route",
    applies: (from, to) =>
      within(from, ["lib/kv"]) &&
      within(to, [...MECHANISMS, ...SERVICES, "routes", "lib/http"]),
  },
  {
    name: "a mechanism imports a service or a route",
    applies: (from, to) =>
      isMechanism(from) &&
      within(to, [...SERVICES, ...TOP]),
  },
  {
    name: "a service imports a route or the HTTP layer",
    applies: (from, to) =>
      within(from, SERVICES) &&
      within(to, TOP),
  },
  {
    name: "a route reaches past the services into the store",
    applies: (from, to) => within(from, ["routes"]) && within(to, ["lib/kv"]),
  },
  {
    name: "a service reaches into the store outside its store files",
    applies: (from, to) =>
      within(from, SERVICES) && within(to, ["lib/kv"]) &&
      // A piece of text, an event and a count are words of the services too.
      !["lib/kv/blobs.ts", "lib/kv/lane_counter.ts", "lib/kv/outbox.ts"]
        .includes(to) &&
      !/\/[a-z_]*store\.ts$/.test(from),
  },
  {
    name: "the program imports tests or scripts",
    applies: (from, to) =>
      /^(lib|routes|islands|components)\//.test(from) &&
      !within(from, STAND_INS) &&
      /^(tests|scripts)\//.test(to),
  },
];

Deno.test("import arrows: each points from routes down to the store, none back", async () => {
  const imports = await readImports(["lib", "routes", "islands", "components"]);
  assert.ok(imports.length > 100, `only ${imports.length} imports were found`);
  const wrong = imports.filter(({ from }) => !isTest(from)).flatMap((
    { from, to },
  ) =>
    FORBIDDEN.filter((rule) => rule.applies(from, to)).map((rule) =>
      `${rule.name}: ${from} -> ${to}`
    )
  );
  assert.deepEqual(wrong, []);
});

Deno.test("import arrows: the check sees an arrow that points the wrong way", () => {
  const seen = FORBIDDEN.filter((rule) =>
    rule.applies("lib/kv/lane.ts", "lib/chat/runs.ts") ||
    rule.applies("islands/Chat.tsx", "lib/kv/open.ts")
  );
  assert.equal(seen.length, 2);
});

async function matches(
  pattern: RegExp,
  allowed: (path: string, line: string) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  for (
    const folder of [
      "lib",
      "routes",
      "islands",
      "components",
      "main.ts",
      "serve.ts",
    ]
  ) {
    const files = folder.endsWith(".ts") ? [folder] : await Array.fromAsync(
      walkFiles(folder, { extensions: [".ts", ".tsx"] }),
    );
    for (
      const path of files.filter((path) =>
        !isTest(path) && !within(path, STAND_INS)
      )
    ) {
      const lines = (await Deno.readTextFile(path)).split("\n");
      lines.forEach((line, index) => {
        const code = line.replace(/^\s*(\*|\/\/|\/\*).*$/, "");
        if (pattern.test(code) && !allowed(path, code)) {
          found.push(`${path}:${index + 1}: ${line.trim()}`);
        }
      });
    }
  }
  return found;
}

Deno.test("house rule: no blocking *Sync( call in the running program", async () => {
  // Reading which permissions were granted asks the runtime, not the disk.
  const startUp = (path: string, line: string) =>
    path === "lib/config.ts" && line.includes("permissions.querySync(") ||
    // SQLite has no other; a server does this in a worker.
    path === "lib/backups/engine/store_copy.ts" &&
      line.includes("new DatabaseSync(");
  assert.deepEqual(await matches(/\b\w+Sync\(/, startUp), []);
});

Deno.test("house rule: every fetch( has a signal", async () => {
  const wrong: string[] = [];
  for (const folder of ["lib", "routes", "islands", "components"]) {
    for await (
      const path of walkFiles(folder, { extensions: [".ts", ".tsx"] })
    ) {
      if (isTest(path) || within(path, STAND_INS)) continue;
      const source = await Deno.readTextFile(path);
      for (const match of source.matchAll(/(?<![.\w])fetch\(/g)) {
        const call = source.slice(match.index, match.index + 600);
        if (!/\bsignal\b/.test(call)) {
          wrong.push(`${path}: ${call.split("\n")[0]}`);
        }
      }
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("house rule: a key is spelled in lib/kv/keys.ts only", async () => {
  const wrong = await matches(
    /\[\s*("sys"|space|ws)\s*,\s*"/,
    (path) => path === "lib/kv/keys.ts",
  );
  assert.deepEqual(wrong, []);
});

Deno.test("house rule: no innerHTML in pages", async () => {
  assert.deepEqual(
    await matches(/innerHTML|dangerouslySetInnerHTML/, () => false),
    [],
  );
});
