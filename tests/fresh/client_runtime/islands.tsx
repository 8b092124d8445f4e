/** Islands of the client runtime's browser test. */
import type { ComponentChildren } from "preact";
import { useComputed, useSignal } from "@preact/signals";
import type { ReadonlySignal, Signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { Head, IS_BROWSER } from "../../../lib/fresh/runtime.ts";

/** Counts clicks in a signal other islands may share. */
export function Counter({ id, count }: { id: string; count: Signal<number> }) {
  return (
    <button
      id={id}
      type="button"
      data-hydrated={IS_BROWSER ? "yes" : "no"}
      onClick={() => count.value++}
    >
      {count}
    </button>
  );
}

/** Shows or hides the markup passed to it. */
export function Panel(
  { id, isOpen, title, children }: {
    id: string;
    isOpen: boolean;
    title?: ComponentChildren;
    children: ComponentChildren;
  },
) {
  const open = useSignal(isOpen);
  return (
    <section id={id}>
      <h2>{title}</h2>
      <button type="button" onClick={() => open.value = !open.value}>
        toggle
      </button>
      {open.value && <div class="content">{children}</div>}
    </section>
  );
}

/** Renders another island inside itself, and other roots in the browser than on the server. */
export function Outer({ count }: { count: Signal<number> }) {
  const double = useComputed(() => count.value * 2);
  return (
    <>
      <output id="double">{double}</output>
      <Counter id="nested" count={count} />
      {IS_BROWSER ? <p id="browser-only">b</p> : (
        <>
          <b id="server-a">a</b>
          <b id="server-b">b</b>
        </>
      )}
    </>
  );
}

export interface KindsProps {
  cycle: { self?: unknown; shared?: unknown };
  shared: object;
  date: Date;
  url: URL;
  regexp: RegExp;
  bytes: Uint8Array;
  set: Set<unknown>;
  map: Map<unknown, unknown>;
  numbers: number[];
  big: bigint;
  sparse: unknown[];
  missing: undefined;
  nothing: null;
  computed: ReadonlySignal<number>;
}

/** Tells what arrived of every kind of value. */
export function Kinds(props: KindsProps) {
  const [report, setReport] = useState("");
  useEffect(() => {
    setReport(JSON.stringify({
      cycle: props.cycle.self === props.cycle,
      shared: props.cycle.shared === props.shared,
      date: props.date.toISOString(),
      url: props.url.host,
      regexp: String(props.regexp),
      bytes: [...props.bytes],
      set: [...props.set].length,
      map: props.map.get("k") === props.shared,
      numbers: props.numbers.map((number) =>
        Object.is(number, -0) ? "-0" : String(number)
      ),
      big: String(props.big),
      sparse: [props.sparse.length, 0 in props.sparse, 1 in props.sparse],
      missing: "missing" in props && props.missing === undefined,
      nothing: props.nothing,
      computed: props.computed.value,
    }));
  }, []);
  return <pre id="kinds">{report}</pre>;
}

/** Works on the server, but not in the browser. */
export function Broken() {
  if (IS_BROWSER) throw new Error("Broken in the browser");
  return <p id="broken">from the server</p>;
}

/** Torn apart by the parser when it stands in a paragraph. */
export function Torn() {
  return <div>torn</div>;
}

/** Sets the title of the page. */
export function Titled() {
  const clicks = useSignal(0);
  return (
    <>
      <Head>
        <title>Clicked {clicks.value}</title>
        <meta name="description" content={`clicks ${clicks.value}`} />
        <meta name="extra" content="added" />
      </Head>
      <button id="titled" type="button" onClick={() => clicks.value++}>
        title
      </button>
    </>
  );
}
