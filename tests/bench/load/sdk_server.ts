/** The same proxy on the openai package: its stream, written out again. Arguments: provider's address, port. */
import OpenAI from "openai";

const [provider, port] = Deno.args;
const client = new OpenAI({ apiKey: "sk-load", baseURL: `${provider}/v1` });
const encoder = new TextEncoder();

Deno.serve(
  { port: Number(port), hostname: "127.0.0.1", onListen: () => {} },
  async (request) => {
    const body = await request.json();
    if (!body.stream) {
      return Response.json(await client.chat.completions.create(body));
    }
    const stream = await client.chat.completions.create(
      body as OpenAI.ChatCompletionCreateParamsStreaming,
      { signal: request.signal },
    );
    const chunks = stream[Symbol.asyncIterator]();
    return new Response(
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { done, value } = await chunks.next();
          const data = done ? "[DONE]" : JSON.stringify(value);
          controller.enqueue(encoder.encode(`data: ${data}\n\n`));
          if (done) controller.close();
        },
        cancel: () => stream.controller.abort(),
      }),
      { headers: { "content-type": "text/event-stream" } },
    );
  },
);
