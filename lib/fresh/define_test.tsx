/** Types of handlers and pages, checked by the compiler; each test also calls what it types. */
import assert from "node:assert/strict";
import {
  App,
  type Context,
  cors,
  createDefine,
  csp,
  csrf,
  type Middleware,
  page,
  type PageProps,
  type RouteConfig,
  staticFiles,
} from "./mod.ts";

interface State {
  user: string;
}

const define = createDefine<State>();

/** Compiles only when both types are the same. */
function sameType<A, B>(
  ..._: (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2)
    ? []
    : [never]
): void {}

const single = define.handlers({
  GET(ctx) {
    sameType<typeof ctx, Context<State>>();
    return page({ count: ctx.state.user.length });
  },
});

const mixed = define.handlers({
  async GET(ctx) {
    await Promise.resolve();
    return page({ count: 1, name: ctx.params.name });
  },
  POST(ctx) {
    if (ctx.url.pathname === "/") return ctx.redirect("/login");
    return page({ count: 2, name: "post" });
  },
  DELETE: () => new Response(null, { status: 204 }),
});

const viaFunction = define.handlers((ctx) => page({ path: ctx.url.pathname }));
const responses = define.handlers({ GET: (ctx) => ctx.json({ ok: true }) });

Deno.test("define.page: data of one handler", () => {
  const Page = define.page<typeof single>((props) => {
    sameType<typeof props.data.count, number>();
    sameType<typeof props.state, State>();
    // @ts-expect-error -- the handler gives no such data
    void props.data.missing;
    // @ts-expect-error -- props have no methods of ctx
    void props.redirect;
    return <p>{props.data.count}</p>;
  });
  assert.equal(typeof Page, "function");
});

Deno.test("define.page: data of several handlers, async and with responses", () => {
  const Page = define.page<typeof mixed>(({ data }) => {
    sameType<typeof data.count, number>();
    sameType<typeof data.name, string>();
    return <p>{data.name}</p>;
  });
  assert.equal(typeof Page, "function");
});

Deno.test("define.page: data of a handler function", () => {
  const Page = define.page<typeof viaFunction>(({ data }) => {
    sameType<typeof data.path, string>();
    return <p>{data.path}</p>;
  });
  assert.equal(typeof Page, "function");
});

Deno.test("define.page: async pages may answer with a Response", () => {
  const Page = define.page(async ({ state }) => {
    await Promise.resolve();
    return state.user === "" ? new Response("no") : <p>{state.user}</p>;
  });
  assert.equal(Page.constructor.name, "AsyncFunction");
});

Deno.test("define: handlers, layouts and middlewares are given back as they are", () => {
  const layout = define.layout(({ Component, state }) => (
    <div title={state.user}>
      <Component />
    </div>
  ));
  const middleware = define.middleware((ctx) => {
    ctx.state.user = "a";
    return ctx.next();
  });
  const several = define.middleware([middleware, async (ctx) => {
    const response = await ctx.next();
    response.headers.set("x-user", ctx.state.user);
    return response;
  }]);
  const config: RouteConfig = { skipInheritedLayouts: true };
  const typed: Middleware<State> = middleware;
  const PropsPage = (props: PageProps<{ a: number }, State>) => (
    <p>{props.data.a}</p>
  );
  assert.equal(typeof layout, "function");
  assert.equal(several[0], typed);
  assert.equal(typeof responses.GET, "function");
  assert.equal(config.skipInheritedLayouts, true);
  assert.equal(typeof PropsPage, "function");
});

Deno.test("App: takes what define makes, without further words", () => {
  const middleware = define.middleware((ctx) => ctx.next());
  const Wrapper = define.page(({ Component }) => (
    <main>
      <Component />
    </main>
  ));
  const Layout = define.layout(({ Component }) => <Component />);
  const Single = define.page<typeof single>(({ data }) => <p>{data.count}</p>);
  const app = new App<State>()
    .use(middleware, csp({ useNonce: true }), csrf(), cors(), staticFiles())
    .use("/x", middleware)
    .appWrapper(Wrapper)
    .layout("/x", Layout)
    .onError("*", (ctx) => ctx.text(String(ctx.error), { status: 500 }))
    .onError("/x", { component: ({ error }) => <p>{String(error)}</p> })
    .notFound({ component: () => <p>404</p> })
    .route("/", { handler: single, component: Single })
    .route("/lazy", () => Promise.resolve({ handler: mixed }))
    .get("/lazy-handler", () => Promise.resolve(middleware))
    .mountApp("/m", new App<State>().get("/", (ctx) => ctx.text("m")))
    .fsRoutes();
  const handler: (
    req: Request,
    info?: Deno.ServeHandlerInfo,
  ) => Promise<Response> = app.handler();
  assert.equal(typeof handler, "function");
});
