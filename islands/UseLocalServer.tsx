import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { announce } from "@/lib/shared/announce.ts";
import {
  browserFetch,
  ChatRequests,
  RequestRefused,
} from "@/lib/shared/chat/requests.ts";

export interface UseLocalServerProps {
  id: string;
  /** Name for people. */
  label: string;
  /** Whether it has no model to answer with. */
  isEmpty: boolean;
}

/** Has a model server of this machine answer from now on. */
export default function UseLocalServer(
  { id, label, isEmpty }: UseLocalServerProps,
): VNode {
  const [isBusy, setIsBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const use = async () => {
    setIsBusy(true);
    setFailure("");
    try {
      await new ChatRequests(browserFetch).useLocal(id);
      location.reload();
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      setIsBusy(false);
      setFailure(error.refusal.message);
      announce(error.refusal.message);
    }
  };
  return (
    <>
      <div class="btn-row">
        <button
          class="btn btn-primary"
          type="button"
          aria-busy={isBusy ? "true" : undefined}
          disabled={isBusy || isEmpty}
          onClick={use}
        >
          Use it<span class="sr">: {label}</span>
        </button>
      </div>
      {failure !== "" && <p class="wide field-error">{failure}</p>}
    </>
  );
}
