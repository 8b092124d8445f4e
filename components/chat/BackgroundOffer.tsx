import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import { announce } from "@/lib/shared/announce.ts";
import {
  browserFetch,
  ChatRequests,
  RequestRefused,
} from "@/lib/shared/chat/requests.ts";

type State =
  | { step: "offered" | "asking" | "left" }
  | { step: "refused"; message: string };

const LEFT =
  "You may leave this page: the answer goes on, and a notification comes when it ends.";

/** Has the reader told of the end of the answer that is being written. */
export function BackgroundOffer({ runId }: { runId: string }): VNode {
  const [state, setState] = useState<State>({ step: "offered" });
  const note = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    // The button that had the keys is gone; they stay where it was.
    if (document.activeElement === document.body) note.current?.focus();
  }, [state.step]);
  const leave = async () => {
    setState({ step: "asking" });
    try {
      const requests = new ChatRequests(browserFetch);
      const path = `/api/runs/${runId}/background`;
      const response = await requests.send(path, { method: "POST" });
      await response.body?.cancel();
      setState({ step: "left" });
      announce(LEFT);
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      const { message } = error.refusal;
      setState({ step: "refused", message });
      announce(message);
    }
  };
  if (state.step === "left") {
    return (
      <p class="dock-callout away-note" tabIndex={-1} ref={note}>
        <Icon name="bell" small />
        {LEFT}
      </p>
    );
  }
  return (
    <div class="dock-callout away-note">
      <button
        class="btn btn-quiet btn-small"
        type="button"
        aria-busy={state.step === "asking" ? "true" : undefined}
        onClick={() => state.step !== "asking" && void leave()}
      >
        <Icon name="bell" small />
        Continue in background
      </button>
      {state.step === "refused" && <span>{state.message}</span>}
    </div>
  );
}
