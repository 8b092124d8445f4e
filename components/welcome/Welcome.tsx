import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { Setup } from "@/lib/shared/chat/setup.ts";
import { ConnectModel } from "./ConnectModel.tsx";
import { Hydrograph } from "./Hydrograph.tsx";

/** Questions that the demo can answer; the chat takes one into the composer when it is pressed. */
const STARTERS = [
  "Why does an answer survive a reload?",
  "How do I connect a model?",
  "Where does Freshet keep my threads?",
  "Which settings are there?",
];

/** First run, and every new thread. Server-rendered; the chat hears presses by `data-question`. */
export function Welcome({ setup }: { setup: Setup }): VNode {
  return (
    <div class="welcome stack-5">
      <Hydrograph />
      <div>
        <h1>What would you like to know?</h1>
        <Lede setup={setup} />
      </div>
      {setup.kind === "demo" && (
        <>
          <div class="starters">
            {STARTERS.map((question) => (
              <button
                key={question}
                class="starter"
                type="button"
                data-question={question}
              >
                {question}
              </button>
            ))}
          </div>
          {setup.offers !== null && <ConnectModel offers={setup.offers} />}
        </>
      )}
    </div>
  );
}

function Lede({ setup }: { setup: Setup }): VNode {
  if (setup.kind === "demo") {
    return (
      <p class="lede">
        Answers come from <strong>Freshet demo</strong>.{" "}
        It is not a language model: it searches the manual of this app and shows
        what it finds. {setup.offers === null
          ? "Whoever runs this server can connect a model to ask about anything else."
          : "Connect a model to ask about anything else."}
      </p>
    );
  }
  if (setup.kind === "ready") {
    return (
      <p class="lede">
        Answers come from{" "}
        <strong>{setup.model}</strong>, unless you choose another model below.
      </p>
    );
  }
  return (
    <div class="callout mt-4" data-kind="warn">
      <Icon name="alert" />
      <p>
        <strong>No provider says which models it serves.</strong>{" "}
        Check that it is running and that its address and key are right, then
        load this page again. Your threads are safe.
      </p>
    </div>
  );
}
