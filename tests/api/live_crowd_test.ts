/** Many live sockets at once, one of which takes nothing. */
import assert from "node:assert/strict";
import { startApp } from "../support/app.ts";
import { openLiveSocket } from "../support/live_socket.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";
import { emit, numbered } from "./live_rig.ts";

const SOCKETS = rounds(150, 2_000);

/** More than what the buffers of two machines hold, in events of 50 kB. */
const LARGE_EVENTS = 300;
const FILLER = "x".repeat(50_000);

Deno.test("live crowd: a socket that takes nothing is let go with 4408 and goes on without a loss, while all others hear everything in order", async () => {
  await using app = await startApp({ env: { FRESHET_MAX_FDS: "20000" } });
  const crowd = Array.from(
    { length: SOCKETS },
    () => openLiveSocket(app.url, "jobs"),
  );
  for (const live of crowd) await live.word("hello");
  using slow = await RawSocket.open(app.url, "/api/live?channels=documents");
  await waitFor("the slow one to listen", async () => {
    const text = await (await app.fetch("/metrics")).text();
    return text.includes(
      `live_connections{transport="socket"} ${SOCKETS + 1}\n`,
    );
  });
  for (let n = 0; n < LARGE_EVENTS; n += 1) {
    await emit(app, "document.ready", [{ n, filler: FILLER }]);
    if (n % 15 === 0) await emit(app, "job.progress", numbered(n / 15, 1));
  }
  const wanted = Array.from({ length: LARGE_EVENTS / 15 }, (_, n) => n);
  for (const live of crowd) {
    const heard: unknown[] = [];
    while (heard.length < wanted.length) {
      heard.push((await live.event()).data.n);
    }
    assert.deepEqual(heard, wanted);
  }
  await waitFor("the slow one to be let go", async () => {
    const text = await (await app.fetch("/metrics")).text();
    return text.includes('live_dropped_total{reason="too_slow"} 1\n');
  });

  const { texts, close } = await slow.readAll();
  assert.equal(close, 4408);
  const messages = texts.map((text) => JSON.parse(text));
  const last = messages.at(-1);
  assert.ok(messages.length < LARGE_EVENTS, "it was not slow");
  const again = openLiveSocket(app.url, "documents", {
    cursor: last.id ?? last.cursor,
  });
  await again.word("hello");
  const heard = messages.flatMap(({ data }) => data?.n ?? []);
  while (heard.length < LARGE_EVENTS) heard.push((await again.event()).data.n);
  assert.deepEqual(heard, Array.from({ length: LARGE_EVENTS }, (_, n) => n));
  await Promise.all([...crowd, again].map((live) => live.close()));
});
