/** Streams in the shapes of real providers, each with its quirks, as callers of `/v1` get them. */
import assert from "node:assert/strict";
import {
  allEvents,
  MODEL,
  postChat,
  question,
  startChat,
  textOf,
} from "./v1_rig.ts";

interface Quirk {
  fixture: string;
  text: string;
  finish: string;
  /** What the provider reports; null: nothing. */
  usage: Record<string, number> | null;
  toolCalls?: unknown[];
  more?: Record<string, unknown>;
}

const LEVEL_CALL = (id: string) => [{
  id,
  type: "function",
  function: { name: "get_level", arguments: '{"river":"Limmat"}' },
}];

const counts = (prompt_tokens: number, completion_tokens: number) => ({
  prompt_tokens,
  completion_tokens,
  total_tokens: prompt_tokens + completion_tokens,
});

const QUIRKS: Quirk[] = [
  {
    fixture: "openai",
    text: 'The crest ","usage":null passed.',
    finish: "stop",
    usage: counts(12, 5),
    more: { service_tier: "default", system_fingerprint: "fp_62a23a81ef" },
  },
  {
    fixture: "ollama",
    text: "The river",
    finish: "stop",
    usage: counts(14, 3),
  },
  {
    fixture: "ollama_tool",
    text: "",
    finish: "tool_calls",
    usage: null,
    toolCalls: LEVEL_CALL("call_a1"),
  },
  {
    fixture: "vllm",
    text: "Water rises",
    finish: "stop",
    usage: counts(41, 2),
  },
  {
    fixture: "vllm_tool",
    text: "",
    finish: "tool_calls",
    usage: null,
    toolCalls: LEVEL_CALL("chatcmpl-tool-1"),
  },
  {
    fixture: "openrouter",
    text: "At 14:02",
    finish: "stop",
    usage: counts(9, 6),
    more: { provider: "DeepInfra" },
  },
  {
    fixture: "azure",
    text: "Flood over",
    finish: "stop",
    usage: counts(11, 2),
  },
  {
    fixture: "spaced_without_end",
    text: "Grüße 🌊",
    finish: "eos",
    usage: counts(3, 2),
  },
];

async function fixture(name: string): Promise<string> {
  const url = new URL(`../fixtures/streams/${name}.sse`, import.meta.url);
  return await Deno.readTextFile(url);
}

for (const quirk of QUIRKS) {
  Deno.test(`quirks: ${quirk.fixture} streams under one id and the model's name as asked, without usage`, async () => {
    await using rig = await startChat();
    rig.upstream.next({ rawBody: await fixture(quirk.fixture) });
    const events = await allEvents(
      await postChat(rig.app, question({ stream: true })),
    );
    assert.equal(textOf(events), quirk.text);
    assert.equal(events.at(-1)?.data, "[DONE]");
    const chunks = events.slice(0, -1).map(({ data }) => JSON.parse(data));
    assert.equal(new Set(chunks.map(({ id }) => id)).size, 1);
    assert.match(chunks[0].id, /^chatcmpl-[0-9A-Za-z]{22}$/);
    assert.ok(chunks.every(({ model }) => model === MODEL));
    assert.ok(chunks.every((chunk) => !("usage" in chunk)));
    const finishes = chunks
      .map(({ choices }) => choices[0]?.finish_reason)
      .filter((reason) => typeof reason === "string");
    assert.deepEqual(finishes, [quirk.finish]);
  });

  Deno.test(`quirks: ${quirk.fixture} comes whole as one object`, async () => {
    await using rig = await startChat();
    rig.upstream.next({ rawBody: await fixture(quirk.fixture) });
    const response = await postChat(rig.app, question());
    const answer = await response.json();
    const [{ message, finish_reason: finish }] = answer.choices;
    assert.equal(message.content ?? "", quirk.text);
    assert.equal(finish, quirk.finish);
    assert.deepEqual(message.tool_calls, quirk.toolCalls);
    assert.equal(answer.object, "chat.completion");
    assert.equal(answer.model, MODEL);
    for (const [name, value] of Object.entries(quirk.usage ?? {})) {
      assert.equal(answer.usage[name], value, name);
    }
    assert.equal(typeof answer.usage.total_tokens, "number");
    for (const [name, value] of Object.entries(quirk.more ?? {})) {
      assert.equal(answer[name], value, name);
    }
  });
}

Deno.test("quirks: log probabilities of all chunks come together", async () => {
  await using rig = await startChat();
  rig.upstream.next({ rawBody: await fixture("openai") });
  const response = await postChat(rig.app, question({ logprobs: true }));
  const { choices: [{ logprobs }] } = await response.json();
  assert.deepEqual(
    logprobs.content.map((each: { token: string; logprob: number }) => [
      each.token,
      each.logprob,
    ]),
    [["The crest", -0.25], [" passed.", -1e-7]],
  );
});

Deno.test("quirks: of two choices each comes whole, and one that ends early does not end the other", async () => {
  await using rig = await startChat();
  rig.upstream.next({ rawBody: await fixture("openai_two_choices") });
  const response = await postChat(rig.app, question({ n: 2 }));
  const answer = await response.json();
  assert.deepEqual(
    answer.choices.map((
      { index, message, finish_reason }: {
        index: number;
        message: { content: string };
        finish_reason: string;
      },
    ) => [index, message.content, finish_reason]),
    [[0, "High", "stop"], [1, "Low", "length"]],
  );
  const run = await rig.app.fetch(
    `/v1/runs/${response.headers.get("x-freshet-run")}`,
  );
  const { output_text, finish_reason } = await run.json();
  assert.deepEqual([output_text, finish_reason], ["High", "stop"]);
});

Deno.test("quirks: a provider that ignores stream is streamed all the same", async () => {
  await using rig = await startChat({
    behaviour: { text: "All at once", ignoresStream: true },
  });
  const events = await allEvents(
    await postChat(rig.app, question({ stream: true })),
  );
  assert.equal(textOf(events), "All at once");
  assert.equal(events.at(-1)?.data, "[DONE]");
  const whole = await (await postChat(rig.app, question())).json();
  assert.equal(whole.choices[0].message.content, "All at once");
  assert.equal(whole.usage.completion_tokens, 3);
});

Deno.test("quirks: a provider that refuses stream_options is asked without", async () => {
  await using rig = await startChat({
    behaviour: { text: "Without", refuseStreamOptions: true },
  });
  const events = await allEvents(
    await postChat(
      rig.app,
      question({ stream: true, stream_options: { include_usage: true } }),
    ),
  );
  assert.equal(textOf(events), "Without");
  assert.equal(rig.upstream.chats().at(-1)?.body.stream_options, undefined);
});

Deno.test("quirks: a chunk too long for one value of the store arrives whole, live and replayed", async () => {
  const text = `"${"Grüße 🌊\\n".repeat(20_000)}"`;
  await using rig = await startChat({
    behaviour: { text, wholeText: true, usage: "own" },
  });
  const response = await postChat(rig.app, question({ stream: true }));
  const live = await allEvents(response);
  assert.equal(textOf(live), text);
  const run = response.headers.get("x-freshet-run");
  const again = await rig.app.fetch(`/v1/runs/${run}/events`);
  assert.deepEqual(await allEvents(again), live);
  rig.app.services.hub.clear();
  const stored = await rig.app.fetch(`/v1/runs/${run}/events`);
  assert.deepEqual(await allEvents(stored), live);
});

Deno.test("quirks: JSON over several data lines, comments and other line ends change nothing", async () => {
  for (const lineEnd of ["\n", "\r\n", "\r"] as const) {
    await using rig = await startChat({
      behaviour: { text: "One line", multiLine: true, comments: true, lineEnd },
    });
    const events = await allEvents(
      await postChat(rig.app, question({ stream: true })),
    );
    assert.equal(textOf(events), "One line");
    assert.ok(events.every(({ data }) => !data.includes("\n")));
  }
});
