import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { TestResult } from "@/components/providers/TestResult.tsx";
import type { ProviderTest } from "@/lib/shared/wire.ts";

/** How long the answer may take; the server gives up before. In milliseconds. */
const DEADLINE_MS = 20_000;

/**
 * Tries what a form says of a provider, and shows under the button what came of it. Without a script the
 * form itself is sent, and the page shows it.
 */
export default function TryProvider(
  { result: first }: { result: ProviderTest | null },
): VNode {
  const [result, setResult] = useState(first);
  const [isBusy, setBusy] = useState(false);
  const [isGone] = useState(() => new AbortController());
  useEffect(() => () => isGone.abort(), []);
  const onClick = async (event: MouseEvent) => {
    const form = (event.currentTarget as HTMLButtonElement).form;
    if (form === null || !form.reportValidity()) return;
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    const found = await tryForm(new FormData(form), isGone.signal);
    if (isGone.signal.aborted) return;
    setBusy(false);
    setResult(found);
  };
  return (
    <>
      <button
        class="btn"
        type="submit"
        name="action"
        value="try-provider"
        aria-busy={isBusy}
        onClick={onClick}
      >
        {isBusy ? "Testing connection" : "Test connection"}
      </button>
      <div class="provider-result" role="status">
        {result !== null && <TestResult of={result} />}
      </div>
    </>
  );
}

async function tryForm(
  form: FormData,
  gone: AbortSignal,
): Promise<ProviderTest> {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  try {
    const answer = await fetch("/api/providers/test", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        baseUrl: text("baseUrl"),
        apiKey: text("apiKey") || null,
      }),
      signal: AbortSignal.any([gone, AbortSignal.timeout(DEADLINE_MS)]),
    });
    const body = await answer.json();
    return answer.ok ? body : failed(body.detail ?? "It was refused.");
  } catch {
    return failed("Freshet does not answer. Try again in a moment.");
  }
}

function failed(message: string): ProviderTest {
  return {
    ok: false,
    message,
    code: null,
    models: [],
    modelCount: 0,
    durationMs: 0,
  };
}
