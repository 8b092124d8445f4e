/** Requests to `/v1/responses` that are refused, each with OpenAI's status, code and field. */
import assert from "node:assert/strict";
import { openAIError, startChat } from "./v1_rig.ts";
import { postResponse, responseOf } from "./v1_responses_rig.ts";

const SAYS = { text: "one two", usage: "own" as const };
const BAD = "invalid_request";

/** What is wrong, the field that is named, and the code. */
const REFUSED: [Record<string, unknown>, string, string][] = [
  [{ model: 7 }, "model", BAD],
  [{ model: "" }, "model", BAD],
  [{ input: undefined }, "input", BAD],
  [{ input: [] }, "input", BAD],
  [{ input: [{ role: "user" }] }, "input[0].content", BAD],
  [{ input: [{ content: "no role" }] }, "input[0].role", BAD],
  [{ input: [{ type: "web_search_call" }] }, "input[0].type", BAD],
  [{ input: [{ type: "item_reference", id: "x" }] }, "input[0].type", BAD],
  [
    { input: [{ type: "function_call_output", output: "" }] },
    "input[0].call_id",
    BAD,
  ],
  [
    {
      input: [{ role: "user", content: [{ type: "input_audio" }] }],
    },
    "input[0].content[0].type",
    BAD,
  ],
  [
    {
      input: [{
        role: "user",
        content: [{ type: "input_image", file_id: "x" }],
      }],
    },
    "input[0].content[0].image_url",
    BAD,
  ],
  [{ tools: [{ type: "web_search" }] }, "tools[0].type", "unsupported_tool"],
  [{ tools: [{ type: "function" }] }, "tools[0].name", BAD],
  [{ tool_choice: { type: "file_search" } }, "tool_choice.type", BAD],
  [{ text: { format: { type: "json_schema" } } }, "text.format", BAD],
  [{ temperature: 3 }, "temperature", BAD],
  [{ max_output_tokens: 0 }, "max_output_tokens", BAD],
  [{ background: true, store: false }, "background", BAD],
  [{ truncation: "auto" }, "truncation", BAD],
  [{ conversation: "conv_1" }, "conversation", BAD],
  [{ metadata: { a: 1 } }, "metadata.a", BAD],
  [
    { previous_response_id: "resp_nothing" },
    "previous_response_id",
    "previous_response_not_found",
  ],
];

Deno.test("responses: what cannot be done is refused with the field's name, and nobody is asked", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  for (const [more, param, code] of REFUSED) {
    const answer = await postResponse(rig.app, responseOf(more));
    const error = await openAIError(answer, 400, code);
    assert.equal(error.param, param);
    assert.equal(error.type, "invalid_request_error");
  }
  assert.equal(rig.upstream.chats().length, 0);
});

Deno.test("responses: one that still goes on cannot be gone on from", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  rig.upstream.hold();
  const answer = await postResponse(rig.app, responseOf({ background: true }));
  const { id } = await answer.json();
  const next = await postResponse(
    rig.app,
    responseOf({ previous_response_id: id }),
  );
  const { param } = await openAIError(next, 400, BAD);
  assert.equal(param, "previous_response_id");
});

Deno.test("responses: an unknown model is 404, and so is an id that names nothing", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const answer = await postResponse(rig.app, responseOf({ model: "none" }));
  await openAIError(answer, 404, "model_not_found");
  const unknown = `/v1/responses/resp_${"0".repeat(22)}`;
  for (
    const path of [unknown, "/v1/responses/run_x", `${unknown}/input_items`]
  ) {
    await openAIError(await rig.app.fetch(path), 404, "not_found");
  }
  await openAIError(
    await rig.app.post(`${unknown}/cancel`, {}),
    404,
    "not_found",
  );
});

Deno.test("responses: a query that says nothing known is refused", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const { id } = await (await postResponse(rig.app, responseOf())).json();
  for (
    const [query, param] of [
      ["?stream=maybe", "stream"],
      ["?stream=true&starting_after=x", "starting_after"],
      ["/input_items?limit=0", "limit"],
      ["/input_items?order=up", "order"],
      ["/input_items?after=nothing", "after"],
    ]
  ) {
    const answer = await rig.app.fetch(`/v1/responses/${id}${query}`);
    assert.equal((await openAIError(answer, 400, BAD)).param, param);
  }
});

Deno.test("responses: a provider's refusal before the first word keeps its status", async () => {
  await using rig = await startChat({ behaviour: { status: 400 } });
  for (const stream of [true, false]) {
    const answer = await postResponse(rig.app, responseOf({ stream }));
    assert.equal(answer.status, 400);
    await answer.body?.cancel();
  }
});
