/** Documents: what is added around markup, islands and their markers, head elements, nonces. */
import assert from "node:assert/strict";
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { App } from "./app.ts";
import { csp } from "./csp.ts";
import { Head, Partial } from "./runtime.ts";
import {
  client,
  installBuild,
  type TestBuild,
  withSilentErrors,
} from "./testing.ts";
import type { Context } from "./context.ts";

type Vnode = Parameters<Context<unknown>["render"]>[0];

async function render(
  vnode: () => Vnode,
  build: TestBuild = {},
  path = "/",
): Promise<{ response: Response; html: string }> {
  installBuild(build);
  const { pathname } = new URL(path, "http://localhost");
  const app = new App().get(pathname, (ctx) => ctx.render(vnode()));
  const response = await client(app)(path);
  return { response, html: await response.text() };
}

function Counter({ count }: { count: number }) {
  return <button type="button">{count}</button>;
}

function Panel(
  { isOpen, children, title }: {
    isOpen?: boolean;
    children?: ComponentChildren;
    title?: ComponentChildren;
  },
) {
  return (
    <section>
      {title}
      {isOpen ? children : null}
      <Counter count={0} />
    </section>
  );
}

const islands = { Counter, Panel };

Deno.test("ctx.render: what is missing of the document is added", async () => {
  const bare = await render(() => <p>a</p>);
  assert.equal(
    bare.html,
    '<!DOCTYPE html><html><head><meta charset="utf-8"/></head><body><p>a</p></body></html>',
  );
  assert.equal(
    bare.response.headers.get("content-type"),
    "text/html; charset=utf-8",
  );
  const whole = await render(() => (
    <html lang="en">
      <body>b</body>
    </html>
  ));
  assert.equal(
    whole.html,
    '<!DOCTYPE html><html lang="en"><body>b</body></html>',
  );
  assert.match((await render(() => null)).html, /<body><\/body>/);
});

Deno.test("ctx.render: anything but markup is refused", async () => {
  const logged = await withSilentErrors(async () => {
    const { response } = await render(() => "text" as unknown as Vnode);
    assert.equal(response.status, 500);
  });
  assert.match(String(logged[0]), /Non-JSX element/);
});

Deno.test("ctx.render: a page without islands has no script and no Link", async () => {
  const { html, response } = await render(() => <p>a</p>, { islands });
  assert.doesNotMatch(html, /<script/);
  assert.equal(response.headers.get("link"), null);
});

Deno.test("islands: markers, props, script, styles and preloads", async () => {
  const { html, response } = await render(
    () => (
      <main>
        <Counter key="k" count={3} />
      </main>
    ),
    { islands, clientCss: ["/assets/client.css"] },
  );
  assert.match(
    html,
    /<main><!--frsh:island:Counter:0:k--><button type="button">3<\/button><!--\/frsh:island--><\/main>/,
  );
  assert.match(
    html,
    /href="\/assets\/client.css".*href="\/assets\/Counter.css"/,
  );
  assert.match(
    html,
    /<script type="module" nonce="\w+">import \{ boot \} from "\/assets\/client.js"/,
  );
  assert.match(
    html,
    /import { default as island0 } from "\/assets\/Counter.js"/,
  );
  assert.equal(
    response.headers.get("link"),
    '</assets/client.js>; rel="modulepreload"; as="script", ' +
      '</assets/Counter.js>; rel="modulepreload"; as="script"',
  );
});

Deno.test("islands: one inside another is a plain component", async () => {
  const { html } = await render(() => <Panel isOpen />, { islands });
  assert.equal(html.match(/<!--frsh:island/g)?.length, 1);
  assert.doesNotMatch(html, /Counter.js/);
});

Deno.test("islands: markup passed to them is a slot, with islands of its own", async () => {
  const { html } = await render(
    () => (
      <Panel isOpen title={<b>t</b>}>
        <Counter count={1} />
      </Panel>
    ),
    { islands },
  );
  assert.match(html, /<!--frsh:slot:\d:title--><b>t<\/b><!--\/frsh:slot-->/);
  assert.match(
    html,
    /<!--frsh:slot:\d:children--><!--frsh:island:Counter:1:--><button/,
  );
});

Deno.test("islands: a slot that is not shown waits in a template", async () => {
  const { html } = await render(
    () => (
      <Panel>
        <Panel>
          <i>inner</i>
        </Panel>
      </Panel>
    ),
    { islands },
  );
  assert.match(
    html,
    /<template id="frsh-0-children"><!--frsh:island:Panel:1:-->/,
  );
  assert.match(
    html,
    /<template id="frsh-1-children"><i>inner<\/i><\/template>/,
  );
  assert.ok(html.indexOf("<template") < html.indexOf("<script"));
});

Deno.test("islands: text children are plain props", async () => {
  const { html } = await render(() => <Panel isOpen>text</Panel>, { islands });
  assert.doesNotMatch(html, /frsh:slot/);
});

Deno.test("islands: text from props cannot end the script", async () => {
  const { html } = await render(
    () => <Panel isOpen>{"</script><script>alert(1)</script>"}</Panel>,
    { islands },
  );
  assert.equal(html.match(/<script/g)?.length, 1);
  assert.equal(html.match(/<\/script>/g)?.length, 1);
});

Deno.test("islands: a function among the props is an error 500", async () => {
  const Button = Counter as (props: { count: number; run(): void }) => Vnode;
  const logged = await withSilentErrors(async () => {
    const { response } = await render(
      () => <Button count={1} run={() => {}} />,
      { islands: { Counter: Button as never } },
    );
    assert.equal(response.status, 500);
  });
  assert.match(String(logged[0]), /Cannot pass a "function" to an island/);
});

const CONSTANT_ISLAND = <Counter count={9} />;
const CONSTANT_SCRIPT = <script src="/a.js" />;
const CONSTANT_LINK = <a href="/one">one</a>;

Deno.test("render: constant vnodes take nothing from one page to the next", async () => {
  const page = () => (
    <main>
      {CONSTANT_ISLAND}
      {CONSTANT_SCRIPT}
      {CONSTANT_LINK}
    </main>
  );
  const first = await render(page, { islands }, "/one");
  const second = await render(page, { islands }, "/two");
  const nonces = (html: string) =>
    new Set(Array.from(html.matchAll(/nonce="(\w+)"/g), (match) => match[1]));
  assert.equal(nonces(first.html).size, 1);
  assert.equal(nonces(second.html).size, 1);
  assert.notDeepEqual(nonces(first.html), nonces(second.html));
  assert.match(first.html, /aria-current="page"/);
  assert.doesNotMatch(second.html, /aria-current/);
  assert.match(second.html, /frsh:island:Counter:0:/);
  assert.match(second.html, /import { default as island0 }/);
});

Deno.test("render: links to the page and its ancestors are marked", async () => {
  const { html } = await render(
    () => (
      <nav>
        <a href="/a/b">b</a>
        <a href="/a?x">a</a>
        <a href="/c">c</a>
        <a href="https://x.example/a/b">x</a>
        <a href="/a/b" aria-current="step">own</a>
      </nav>
    ),
    {},
    "/a/b",
  );
  assert.match(
    html,
    /<a href="\/a\/b" data-current="true" aria-current="page">b/,
  );
  assert.match(
    html,
    /<a href="\/a\?x" data-ancestor="true" aria-current="true">a/,
  );
  assert.match(html, /<a href="\/c">c/);
  assert.match(html, /<a href="https:\/\/x.example\/a\/b">x/);
  assert.match(html, /aria-current="step" data-current="true">own/);
});

Deno.test("render: images carry the build's cache key", async () => {
  const { html } = await render(
    () => (
      <picture>
        <source srcset="/a.png 1x, /b.png 2x" />
        <img src="/a.png" />
        <img src="https://x.example/a.png" />
      </picture>
    ),
    { buildId: "b 1" },
  );
  assert.match(
    html,
    /srcset="\/a.png\?__frsh_c=b%201 1x, \/b.png\?__frsh_c=b%201 2x"/,
  );
  assert.match(html, /<img src="\/a.png\?__frsh_c=b%201"\/>/);
  assert.match(html, /<img src="https:\/\/x.example\/a.png"\/>/);
});

Deno.test("Head: replaces elements of the same kind or key, adds the others", async () => {
  const { html } = await render(() => (
    <html>
      <head>
        <title>App &amp; co</title>
        <meta name="description" content="app" />
        <meta name="keep" content="app" />
        <link key="icon" rel="icon" href="/app.ico" />
      </head>
      <body>
        <Head>
          <title>Page</title>
          <meta name="description" content="page" />
          <meta name="more" content="page" />
          <link key="icon" rel="icon" href="/page.ico" />
          <style>{"a{}"}</style>
        </Head>
        <Head>
          <title>Last</title>
        </Head>
      </body>
    </html>
  ));
  const head = /<head>(.*)<\/head>/s.exec(html)![1];
  assert.equal(head.match(/<title>/g)?.length, 1);
  assert.match(head, /<title>Last<\/title>/);
  assert.doesNotMatch(head, /name="description" content="app"|app\.ico/);
  assert.match(head, /name="keep" content="app"/);
  assert.match(head, /name="description" content="page"/);
  assert.match(head, /name="more"/);
  assert.match(head, /href="\/page.ico" data-key="icon"/);
  assert.match(head, /<style nonce="\w+">a{}<\/style>/);
});

Deno.test("Head: works in islands", async () => {
  function Titled() {
    const count = useSignal(2);
    return (
      <p>
        <Head>
          <title>Count {count.value}</title>
        </Head>
      </p>
    );
  }
  const { html } = await render(() => <Titled />, {
    islands: { Titled: Titled as never },
  });
  assert.match(html, /<title>Count 2<\/title><\/head>/);
});

Deno.test("csp useNonce: the policy names the page's nonce", async () => {
  installBuild({ islands });
  const app = new App()
    .use(csp({ useNonce: true }))
    .get("/page", (ctx) => ctx.render(<Counter count={1} />))
    .get("/text", (ctx) => ctx.text("a"));
  const page = await client(app)("/page");
  const policy = page.headers.get("content-security-policy")!;
  const nonce = /nonce="(\w+)"/.exec(await page.text())![1];
  assert.ok(policy.includes(`script-src 'self' 'nonce-${nonce}'`));
  assert.doesNotMatch(policy, /unsafe-inline/);
  const text = await client(app)("/text");
  assert.match(
    text.headers.get("content-security-policy")!,
    /script-src 'self' 'unsafe-inline'/,
  );
});

Deno.test("Partials: an error says that they are left out", async () => {
  const pages: (() => Vnode)[] = [
    () => <Partial name="a">x</Partial>,
    () => (
      <html>
        <body f-client-nav>x</body>
      </html>
    ),
    () => <main f-client-nav>x</main>,
  ];
  for (const page of pages) {
    const logged = await withSilentErrors(async () => {
      assert.equal((await render(page)).response.status, 500);
    });
    assert.match(String(logged[0]), /not part of this stand-in/);
  }
  const quoted = await render(() => <p title="f-client-nav">f-client-nav</p>);
  assert.equal(quoted.response.status, 200);
});
