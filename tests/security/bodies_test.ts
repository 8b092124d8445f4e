/** Bodies that are too large, too deep, too many or not what they say, on every route that takes one. */
import assert from "node:assert/strict";
import { ACCESS } from "@/lib/http/access.ts";
import { startChat } from "../support/chat_client.ts";
import { pathOf, readRoutes } from "./route_list.ts";
import {
  type Actor,
  startTwoWorkspaces,
  type TwoWorkspaces,
} from "./two_workspaces.ts";

interface Target {
  pattern: string;
  method: string;
  path: string;
  actor: Actor;
}

/** Every route and method that changes something, with who may call it. */
async function targets(rig: TwoWorkspaces): Promise<Target[]> {
  const { owner } = rig.first;
  const program = await rig.keyOf(owner, ["v1", "api", "admin"]);
  const found: Target[] = [];
  for (const { pattern, methods } of await readRoutes()) {
    for (const method of methods.filter((method) => method !== "GET")) {
      const isV1 = ACCESS[pattern].surface === "v1";
      found.push({
        pattern,
        method,
        path: pathOf(pattern, (name) => `${name}_0000000000000000000000`),
        // A session of its own for each, since some of them end it.
        actor: isV1 ? program : await owner.signIn(),
      });
    }
  }
  return found;
}

function nested(depth: number): string {
  return `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
}

/** What no route takes as JSON: name, content type, body. */
const BAD: [string, string, BodyInit][] = [
  ["nested too deep", "application/json", nested(10_000)],
  ["too many values", "application/json", `[${"0,".repeat(500_000)}0]`],
  ["not UTF-8", "application/json", new Uint8Array([0x7b, 0x22, 0xff, 0x22])],
  ["broken off", "application/json", '{"a":'],
  ["no JSON", "application/json", "<a>b</a>"],
  ["a prototype", "application/json", '{"__proto__":{"isOperator":true}}'],
  ["an array", "application/json", "[]"],
  ["plain text", "text/plain", '{"a":1}'],
  ["parts", "multipart/form-data; boundary=x", "--x--"],
  ["another charset", "application/json; charset=utf-16", "{}"],
];

Deno.test("bodies: whatever is no good is refused on every route, and quickly", async () => {
  await using rig = await startTwoWorkspaces();
  const wrong: string[] = [];
  const all = await targets(rig);
  assert.ok(all.length > 50, `only ${all.length} routes take a body`);
  for (const { method, path, pattern, actor } of all) {
    const isPage = ACCESS[pattern].surface === "page";
    for (const [name, type, body] of BAD) {
      const response = await rig.as(actor).fetch(path, {
        method,
        headers: { "content-type": type, "if-match": "*" },
        body,
      });
      await response.body?.cancel();
      const { status } = response;
      // What reads no body of its own may pass over one; a form that is none leads on or is refused.
      const isRight = status < 500 &&
        (isPage || status >= 400 || takesNoBody(method, pattern));
      if (!isRight) wrong.push(`${method} ${pattern} ${name}: ${status}`);
    }
  }
  assert.deepEqual(wrong, []);
});

/** Routes whose method says all. */
function takesNoBody(method: string, pattern: string): boolean {
  return method === "DELETE" || /\/(cancel|restore|read|resend)$/.test(pattern);
}

/** What a server answers to the head of a request whose body never comes. */
async function firstBytes(url: string, lines: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(
    new TextEncoder().encode([...lines, "", ""].join("\r\n")),
  );
  const bytes = new Uint8Array(1_024);
  const length = await connection.read(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, length));
}

Deno.test("bodies: what says that it is larger than any route takes is refused before it is sent", async () => {
  await using rig = await startTwoWorkspaces();
  const { host } = new URL(rig.app.url);
  const wrong: string[] = [];
  for (const { method, path, pattern, actor } of await targets(rig)) {
    if (takesNoBody(method, pattern)) continue;
    const isPage = ACCESS[pattern].surface === "page";
    const answer = await firstBytes(rig.app.url, [
      `${method} ${path} HTTP/1.1`,
      `Host: ${host}`,
      ...Object.entries(actor.headers).map(([name, value]) =>
        `${name}: ${value}`
      ),
      "If-Match: *",
      `Content-Type: ${
        isPage ? "application/x-www-form-urlencoded" : "application/json"
      }`,
      "Content-Length: 900000000",
    ]);
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
    // Who may not, or asks for what is not there, may learn that first.
    if (!(status >= 300 && status < 500)) {
      wrong.push(`${method} ${pattern}: ${status}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("bodies: one message has at most 1,000,000 characters, in a thread and under /v1", async () => {
  await using rig = await startChat({ behaviour: { text: "ok" } });
  const { app } = rig;
  const post = async (path: string, body: unknown) => {
    const response = await app.post(path, body);
    const json = await response.json().catch(() => ({}));
    return `${response.status} ${json.code ?? json.error?.code ?? ""}`;
  };
  const thread = await (await app.post("/api/threads", {})).json();
  const long = "a".repeat(1_000_001);
  const parts = [{ type: "text", text: long }];
  for (
    const [path, body] of [
      [`/api/threads/${thread.id}/runs`, { message: { content: long } }],
      ["/api/stream", { query: long }],
      ["/api/chat", {
        id: "c",
        model: "fake-1",
        messages: [{ id: "m", role: "user", parts }],
      }],
      ["/v1/chat/completions", {
        model: "fake-1",
        messages: [{ role: "user", content: long }],
      }],
      ["/v1/chat/completions", {
        model: "fake-1",
        messages: [{ role: "system", content: "a" }, {
          role: "user",
          content: [{ type: "text", text: long.slice(1) }, {
            type: "text",
            text: "b",
          }],
        }],
      }],
      ["/v1/responses", { model: "fake-1", input: long }],
      ["/v1/responses", {
        model: "fake-1",
        input: [{
          role: "user",
          content: [{ type: "input_text", text: long }],
        }],
      }],
      ["/v1/responses", { model: "fake-1", input: "a", instructions: long }],
      ["/v1/completions", { model: "fake-1", prompt: long }],
      ["/v1/completions", { model: "fake-1", prompt: ["a", long] }],
      ["/v1/embeddings", { model: "fake-1", input: long }],
    ] as const
  ) {
    assert.equal(await post(path, body), "413 message_too_large", path);
  }
  assert.equal(rig.upstream.chats().length, 0);
  const exact = await app.post("/v1/chat/completions", {
    model: "fake-1",
    messages: [{ role: "user", content: long.slice(1) }],
  });
  assert.equal(exact.status, 200);
  await exact.body?.cancel();
});
