/**
 * The two servers that `fresh_overhead.ts` compares, chosen by the first argument: `bare` is Deno.serve
 * with preact-render-to-string, `fresh` the stand-in with static files, a middleware and file routes.
 * Both give the same bytes. Prints its port, and tells its CPU use at `/cpu`.
 */
import process from "node:process";
import { renderToString } from "preact-render-to-string";
import { App, staticFiles } from "fresh";
import { setBuildSnapshot } from "../../lib/fresh/snapshot.ts";

const ROW_COUNT = 50;
const ROWS = Array.from({ length: ROW_COUNT }, (_, index) => ({
  id: index,
  name: `Row <${index}>`,
  note: `Some words about row ${index} & its neighbours`,
}));

function Row({ row }: { row: typeof ROWS[number] }) {
  return (
    <tr class={row.id % 2 === 0 ? "even" : "odd"}>
      <td>{row.id}</td>
      <td>
        <strong>{row.name}</strong>
      </td>
      <td>{row.note}</td>
    </tr>
  );
}

function RowsPage() {
  return (
    <main>
      <h1>Rows</h1>
      <table>
        <tbody>{ROWS.map((row) => <Row key={row.id} row={row} />)}</tbody>
      </table>
    </main>
  );
}

function Document({ Component }: { Component: () => preact.ComponentChild }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Rows</title>
      </head>
      <body>
        <Component />
      </body>
    </html>
  );
}

type Handler = (req: Request) => Response | Promise<Response>;

const payload = { ok: true, items: [1, 2, 3], text: "some text" };

const bare: Handler = (req) => {
  const { pathname } = new URL(req.url);
  if (pathname === "/json") return Response.json(payload);
  const html = renderToString(<Document Component={RowsPage} />);
  return new Response(`<!DOCTYPE html>${html}`, {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
};

function fresh(): Handler {
  setBuildSnapshot({
    mode: "production",
    buildId: "bench",
    root: Deno.cwd(),
    clientEntry: "/client.js",
    clientCss: [],
    islands: [{
      name: "Unused",
      exportName: "default",
      component: () => null,
      url: "/unused.js",
      css: [],
    }],
    routes: [
      { file: "_app.tsx", eager: false, load: () => ({ default: Document }) },
      { file: "page.tsx", eager: false, load: () => ({ default: RowsPage }) },
      {
        file: "json.ts",
        eager: false,
        load: () => ({ handler: { GET: () => Response.json(payload) } }),
      },
    ],
    staticFile: () => null,
  });
  return new App()
    .use(staticFiles())
    .use((ctx) => ctx.next())
    .fsRoutes()
    .handler();
}

const handler = Deno.args[0] === "bare" ? bare : fresh();

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen: ({ port }) => console.log(port),
}, (req) => {
  if (!req.url.endsWith("/cpu")) return handler(req);
  const { user, system } = process.cpuUsage();
  return Response.json(user + system);
});
