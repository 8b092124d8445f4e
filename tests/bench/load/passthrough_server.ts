/** The least a proxy can do: hands the provider's body on as it is. Arguments: provider's address, port. */
const [provider, port] = Deno.args;

Deno.serve(
  { port: Number(port), hostname: "127.0.0.1", onListen: () => {} },
  async (request) => {
    const { pathname } = new URL(request.url);
    const answer = await fetch(provider + pathname, {
      method: request.method,
      headers: { "content-type": "application/json" },
      body: request.body,
      signal: request.signal,
    });
    return new Response(answer.body, {
      status: answer.status,
      headers: {
        "content-type": answer.headers.get("content-type") ?? "text/plain",
      },
    });
  },
);
