/** What clients may send that no `Request` object can hold: over raw sockets. */
import assert from "node:assert/strict";
import { App } from "./app.ts";

Deno.test("createRequestHandler: a target that is not a URL is 400", async () => {
  const handler = new App().get("/", () => new Response("ok")).handler();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    handler,
  );
  const { hostname, port } = server.addr;
  using connection = await Deno.connect({ hostname, port });
  await connection.write(new TextEncoder().encode(
    "GET http://[::g/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  ));
  const answer = await new Response(connection.readable).text();
  assert.match(answer, /^HTTP\/1\.1 400 /);
});
