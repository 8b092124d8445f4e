import { Head } from "fresh/runtime";
import type { VNode } from "preact";
import { Mark } from "./Icon.tsx";

export interface ErrorPageProps {
  error: { status: number; code: string; message: string };
  /** Id under which the log has the request; null when it had none yet. */
  requestId: string | null;
}

function titleOf(status: number): string {
  if (status === 404) return "There is nothing at this address";
  if (status === 403) return "This request was refused";
  return status >= 500
    ? "This page could not be made"
    : "This request cannot be answered";
}

/** A page in place of the one that was asked for: what happened, what is safe, where to go. */
export function ErrorPage({ error, requestId }: ErrorPageProps): VNode {
  const details = [String(error.status), error.code, requestId ?? ""]
    .filter((part) => part !== "").join(", ");
  return (
    <main class="lost">
      <Head>
        <title>{`${titleOf(error.status)} · Freshet`}</title>
      </Head>
      <a class="brand" href="/">
        <Mark />
        Freshet
      </a>
      <h1>{titleOf(error.status)}</h1>
      <p class="lede">
        {error.message} {error.status >= 500 ? "Your threads are safe." : ""}
      </p>
      <p class="btn-row">
        <a class="btn btn-primary" href="/">New thread</a>
      </p>
      <p class="hint mono">{details}</p>
    </main>
  );
}
