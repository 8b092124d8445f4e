import assert from "node:assert/strict";
import { Listener } from "./listener.ts";

const HOSTNAME = "127.0.0.1";

Deno.test("Listener: serves, and a shutdown waits for answers that have begun", async () => {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const listening = Promise.withResolvers<Deno.NetAddr>();
  const listener = new Listener({
    port: 0,
    hostname: HOSTNAME,
    handler: async () => {
      asked.resolve();
      await gate.promise;
      return new Response("whole");
    },
    onListen: listening.resolve,
    onLost: listening.reject,
    onBack: () => {},
  });
  const { port } = await listening.promise;
  const answer = fetch(`http://${HOSTNAME}:${port}`, {
    signal: AbortSignal.timeout(10_000),
  });
  await asked.promise;
  const closed = listener.shutdown();
  gate.resolve();
  assert.equal(await (await answer).text(), "whole");
  await closed;
  assert.equal(listener.isLost, false);
});

Deno.test("Listener: a taken port is told at once", () => {
  const other = Deno.listen({ port: 0, hostname: HOSTNAME });
  try {
    assert.throws(
      () =>
        new Listener({
          port: (other.addr as Deno.NetAddr).port,
          hostname: HOSTNAME,
          handler: () => new Response(),
          onListen: () => {},
          onLost: () => {},
          onBack: () => {},
        }),
      Deno.errors.AddrInUse,
    );
  } finally {
    other.close();
  }
});
