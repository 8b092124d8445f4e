/** File routes: patterns, order, and what special files do to pages. */
import assert from "node:assert/strict";
import { App } from "./app.ts";
import { sortRouteFiles } from "./fs_routes.ts";
import { type HandlerFn, page, type PageProps } from "./handlers.ts";
import { HttpError } from "./http_error.ts";
import { client, installBuild, withSilentErrors } from "./testing.ts";

const text = (value: string) => () => new Response(value);
const params: HandlerFn<unknown, unknown> = (ctx) => ctx.json(ctx.params);

async function body(response: Promise<Response>): Promise<string> {
  return await (await response).text();
}

/** The markup within body, without the document around it. */
async function content(response: Promise<Response>): Promise<string> {
  return /<body>(.*)<\/body>/s.exec(await body(response))?.[1] ?? "";
}

Deno.test("sortRouteFiles: patterns of every kind of name", () => {
  const files = [
    "index.tsx",
    "about.tsx",
    "c/[id].tsx",
    "c/index.ts",
    "c/a-[id].ts",
    "opt/[[id]].jsx",
    "all/[...rest].js",
    "(group)/inside.tsx",
    "x_test.ts",
    "x.test.tsx",
    "notes.md",
    "(_islands)/Thing.tsx",
    "c/(_parts)/part.tsx",
  ];
  const sorted = sortRouteFiles(
    files.map((file) => ({ file, load: () => ({}), eager: false })),
  );
  assert.deepEqual(sorted.map((file) => [file.source.file, file.pattern]), [
    ["index.tsx", "/"],
    ["about.tsx", "/about"],
    ["all/[...rest].js", "/all/:rest*"],
    ["c/index.ts", "/c"],
    ["c/a-[id].ts", "/c/a-:id"],
    ["c/[id].tsx", "/c/:id"],
    ["(group)/inside.tsx", "/inside"],
    ["opt/[[id]].jsx", "/opt/:id?"],
  ]);
});

Deno.test("fsRoutes: fixed names before parameters before rest, in folders too", async () => {
  installBuild({
    routes: {
      "[...all].ts": { handler: text("rest") },
      "[id].ts": { handler: text("param") },
      "a.ts": { handler: text("a") },
      "[id]/x.ts": { handler: text("param/x") },
      "b/[n].ts": { handler: text("b/n") },
    },
  });
  const get = client(new App().fsRoutes());
  assert.equal(await body(get("/a")), "a");
  assert.equal(await body(get("/z")), "param");
  assert.equal(await body(get("/z/x")), "param/x");
  assert.equal(await body(get("/b/1")), "b/n");
  assert.equal(await body(get("/z/y/w")), "rest");
});

Deno.test("fsRoutes: optional and rest parameters", async () => {
  installBuild({
    routes: {
      "opt/[[id]].ts": { handler: params },
      "all/[...rest].ts": { handler: params },
    },
  });
  const get = client(new App().fsRoutes());
  assert.equal(await body(get("/opt")), '{"id":""}');
  assert.equal(await body(get("/opt/7")), '{"id":"7"}');
  assert.equal(await body(get("/all/a/b")), '{"rest":"a/b"}');
});

Deno.test("fsRoutes: methods a file does not handle are 404, a bare page takes all", async () => {
  installBuild({
    routes: {
      "api.ts": { handler: { GET: text("get") } },
      "page.tsx": { default: () => <p>page</p> },
      "form.tsx": {
        handler: { POST: () => page({}) },
        default: () => <p>form</p>,
      },
    },
  });
  const get = client(new App().fsRoutes());
  assert.equal((await get("/api", { method: "PUT" })).status, 404);
  assert.equal((await get("/page", { method: "PUT" })).status, 200);
  assert.equal((await get("/form")).status, 200);
  assert.equal((await get("/form", { method: "DELETE" })).status, 404);
});

Deno.test("fsRoutes: middlewares, layouts and app wrap in order, groups included", async () => {
  const steps: string[] = [];
  const middleware = (name: string) => (ctx: { next(): Promise<Response> }) => {
    steps.push(name);
    return ctx.next();
  };
  const wrapper =
    (name: string) => ({ Component, data }: PageProps<unknown, unknown>) => (
      <div id={name} title={String(data)}>
        <Component />
      </div>
    );
  installBuild({
    routes: {
      "_middleware.ts": { default: [middleware("root1"), middleware("root2")] },
      "_layout.tsx": { default: wrapper("root") },
      "(g)/_middleware.ts": { handler: middleware("group") },
      "(g)/_layout.tsx": { default: wrapper("group") },
      "(g)/a/index.tsx": { default: () => <p>a</p> },
      "(g)/skip.tsx": {
        default: () => <p>skip</p>,
        config: { skipInheritedLayouts: true },
      },
    },
  });
  const get = client(new App().use(middleware("main")).fsRoutes());
  assert.equal(
    await content(get("/a")),
    '<div id="root" title="null"><div id="group" title="null"><p>a</p></div></div>',
  );
  assert.deepEqual(steps, ["main", "root1", "root2", "group"]);
  assert.equal(await content(get("/skip")), "<p>skip</p>");
});

Deno.test("fsRoutes: a layout may skip the layouts above and the app", async () => {
  installBuild({
    routes: {
      "_app.tsx": {
        default: ({ Component }: PageProps) => (
          <html id="app">
            <body>
              <Component />
            </body>
          </html>
        ),
      },
      "_layout.tsx": {
        default: ({ Component }: PageProps) => (
          <i>
            <Component />
          </i>
        ),
      },
      "a/_layout.tsx": {
        config: { skipInheritedLayouts: true, skipAppWrapper: true },
        default: ({ Component }: PageProps) => (
          <b>
            <Component />
          </b>
        ),
      },
      "a/index.tsx": { default: () => <p>a</p> },
      "plain.tsx": {
        default: () => <p>x</p>,
        config: { skipAppWrapper: true },
      },
    },
  });
  const get = client(new App().fsRoutes());
  assert.equal(await content(get("/a")), "<b><p>a</p></b>");
  assert.equal(await content(get("/plain")), "<i><p>x</p></i>");
  assert.doesNotMatch(await body(get("/plain")), /id="app"/);
});

Deno.test("fsRoutes: error pages of the folder, with status, layout and error", async () => {
  const errorPage = (name: string) => ({ error }: PageProps) => (
    <p>{name}: {(error as Error).message}</p>
  );
  installBuild({
    routes: {
      "_layout.tsx": {
        default: ({ Component }: PageProps) => (
          <main>
            <Component />
          </main>
        ),
      },
      "_error.tsx": { default: errorPage("root") },
      "in/_error.tsx": { default: errorPage("in") },
      "in/a.ts": {
        handler: () => {
          throw new HttpError(409, "taken");
        },
      },
      "b.tsx": {
        default: () => {
          throw new Error("render");
        },
      },
    },
  });
  const get = client(new App().fsRoutes());
  const nested = await get("/in/a");
  assert.equal(nested.status, 409);
  assert.match(await nested.text(), /<main><p>in: taken<\/p><\/main>/);
  const rendered = await get("/b");
  assert.equal(rendered.status, 500);
  assert.match(await rendered.text(), /root: render/);
  const missing = await get("/none");
  assert.equal(missing.status, 404);
  assert.match(await missing.text(), /<main><p>root: Not Found<\/p><\/main>/);
});

Deno.test("fsRoutes: _404 answers every 404, from any folder", async () => {
  installBuild({
    routes: {
      "_error.tsx": { default: () => <p>error</p> },
      "deep/_404.tsx": { default: () => <p>lost</p> },
      "a.ts": {
        handler: () => {
          throw new HttpError(404);
        },
      },
    },
  });
  const get = client(new App().fsRoutes());
  assert.equal(await content(get("/a")), "<p>lost</p>");
  assert.equal((await get("/none")).status, 404);
  assert.equal(await content(get("/none")), "<p>lost</p>");
});

Deno.test("fsRoutes: a route registered before it has no part in its wrappers", async () => {
  installBuild({
    routes: {
      "_error.tsx": { default: () => <p>error</p> },
      "_layout.tsx": {
        default: ({ Component }: PageProps) => (
          <main>
            <Component />
          </main>
        ),
      },
    },
  });
  const get = client(
    new App()
      .get("/early", (ctx) => ctx.render(<p>early</p>))
      .get("/broken", () => {
        throw new Error("x");
      })
      .fsRoutes()
      .get("/late", (ctx) => ctx.render(<p>late</p>)),
  );
  assert.equal(await content(get("/early")), "<p>early</p>");
  assert.equal(await content(get("/late")), "<main><p>late</p></main>");
  await withSilentErrors(async () => {
    assert.equal(await body(get("/broken")), "Internal server error");
  });
});

Deno.test("fsRoutes: routeOverride and a mount path", async () => {
  installBuild({
    routes: {
      "a.ts": { handler: text("moved"), config: { routeOverride: "/b/:x" } },
      "c.ts": { handler: text("c") },
    },
  });
  const get = client(new App().fsRoutes());
  assert.equal(await body(get("/b/1")), "moved");
  assert.equal((await get("/a")).status, 404);
  const mounted = client(new App().fsRoutes("/sub/*"));
  assert.equal(await body(mounted("/sub/c")), "c");
  assert.equal((await mounted("/c")).status, 404);
});

Deno.test("page: status, headers and data; no handler gives an empty object", async () => {
  installBuild({
    routes: {
      "with.tsx": {
        handler: {
          GET: () =>
            page({ n: 1 }, {
              status: 201,
              headers: [["x-a", "1"], ["set-cookie", "a=1"], [
                "set-cookie",
                "b=2",
              ]],
            }),
        },
        default: ({ data }: PageProps) => <p>{JSON.stringify(data)}</p>,
      },
      "without.tsx": {
        default: ({ data }: PageProps) => <p>{JSON.stringify(data)}</p>,
      },
      "empty.tsx": {
        handler: () => page(),
        default: ({ data }: PageProps) => <p>{String(data)}</p>,
      },
    },
  });
  const get = client(new App().fsRoutes());
  const response = await get("/with");
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("x-a"), "1");
  assert.deepEqual(response.headers.getSetCookie(), ["b=2"]);
  assert.match(await response.text(), /{&quot;n&quot;:1}/);
  assert.equal(await content(get("/without")), "<p>{}</p>");
  assert.equal(await content(get("/empty")), "<p>undefined</p>");
});

Deno.test("pages: async pages, layouts and apps are awaited and may answer themselves", async () => {
  const later = <T,>(value: T) => Promise.resolve(value);
  installBuild({
    routes: {
      "_layout.tsx": {
        default: async ({ Component, url }: PageProps) => {
          await later(0);
          if (url.search === "?stop") return new Response("stopped");
          return (
            <main>
              <Component />
            </main>
          );
        },
      },
      "a.tsx": {
        default: async () => {
          const value = await later("loaded");
          return <p>{value}</p>;
        },
      },
      "r.tsx": { default: async () => await later(new Response("own")) },
    },
  });
  const get = client(new App().fsRoutes());
  assert.equal(await content(get("/a")), "<main><p>loaded</p></main>");
  assert.equal(await body(get("/r")), "own");
  assert.equal(await body(get("/a?stop")), "stopped");
});

Deno.test("fsRoutes: an outer middleware that catches and renders keeps headers and wrappers", async () => {
  installBuild({
    routes: {
      "_app.tsx": {
        default: ({ Component }: PageProps) => (
          <html>
            <body id="app">
              <Component />
            </body>
          </html>
        ),
      },
      "_layout.tsx": {
        default: ({ Component }: PageProps) => (
          <main>
            <Component />
          </main>
        ),
      },
      "deep/_layout.tsx": {
        default: ({ Component }: PageProps) => (
          <b>
            <Component />
          </b>
        ),
      },
      "deep/a.ts": {
        handler: () => {
          throw new HttpError(409);
        },
      },
    },
  });
  const app = new App()
    .use(async (ctx) => {
      const response = await ctx.next();
      response.headers.set("x-policy", "kept");
      return response;
    })
    .use(async (ctx) => {
      try {
        return await ctx.next();
      } catch (error) {
        const status = error instanceof HttpError ? error.status : 500;
        return await ctx.render(<p>{status}</p>, { status });
      }
    })
    .fsRoutes();
  for (const [path, status] of [["/deep/a", 409], ["/none", 404]] as const) {
    const response = await client(app)(path);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("x-policy"), "kept");
    assert.match(
      await response.text(),
      new RegExp(`<body id="app"><main><p>${status}</p></main></body>`),
    );
  }
});
