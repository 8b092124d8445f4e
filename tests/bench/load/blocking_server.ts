/** What not to do: waits 100 ms for each answer and holds the whole process meanwhile. Argument: port. */
const WAIT_MS = 100;
const cell = new Int32Array(new SharedArrayBuffer(4));

Deno.serve(
  { port: Number(Deno.args[0]), hostname: "127.0.0.1", onListen: () => {} },
  () => {
    Atomics.wait(cell, 0, 0, WAIT_MS);
    return Response.json({});
  },
);
