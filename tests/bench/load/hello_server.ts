/** Hono's hello-world on Deno. Argument: port. */
// Not among the project's dependencies: it is fetched when this is run.
const specifier = "npm:hono@4.13.19";
const { Hono } = await import(specifier);

const app = new Hono();
app.all(
  "*",
  (context: { text: (text: string) => Response }) => context.text("Hello!"),
);

Deno.serve(
  { port: Number(Deno.args[0]), hostname: "127.0.0.1", onListen: () => {} },
  app.fetch,
);
