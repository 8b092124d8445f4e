import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "@/components/CopyButton.tsx";
import { Hydrograph } from "@/components/Hydrograph.tsx";
import { Icon } from "@/components/Icon.tsx";
import { announce } from "@/lib/shared/announce.ts";
import {
  browserFetch,
  ChatRequests,
  RequestRefused,
} from "@/lib/shared/chat/requests.ts";
import type { LocalOffer, Setup } from "@/lib/shared/chat/setup.ts";
import { formatPlural } from "@/lib/shared/format.ts";

export interface WelcomeProps {
  setup: Setup;
  /** Takes a question into the composer, to be changed or sent. */
  onStart: (question: string) => void;
}

const STARTERS = [
  "Why does an answer survive a reload?",
  "How do I connect a model?",
  "Where does Freshet keep my threads?",
  "Which settings are there?",
];

/** First run, and every new thread. */
export function Welcome({ setup, onStart }: WelcomeProps): VNode {
  return (
    <div class="page">
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
                  onClick={() => onStart(question)}
                >
                  {question}
                </button>
              ))}
            </div>
            <ConnectModel offers={setup.offers} />
          </>
        )}
      </div>
    </div>
  );
}

function Lede({ setup }: { setup: Setup }): VNode {
  if (setup.kind === "demo") {
    return (
      <p class="lede">
        Answers come from <strong>Freshet demo</strong>. It is not a language
        {" "}
        model: it searches the manual of this app and shows what it finds.
        Connect a model to ask about anything else.
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

function ConnectModel({ offers }: { offers: LocalOffer[] }): VNode {
  return (
    <section aria-labelledby="connect-title">
      <h2 id="connect-title">Connect a model</h2>
      <div class="mt-2">
        {offers.map((offer) => <LocalServer key={offer.id} offer={offer} />)}
        <StartWith
          name="OpenAI"
          hint="Start Freshet with your key. It stays on this server and is never sent to a browser."
          command="OPENAI_API_KEY=sk-… deno task start"
        />
        <StartWith
          name="Any compatible service"
          hint="vLLM, OpenRouter, LM Studio or Ollama: give its address, and a key if it wants one."
          command="OPENAI_BASE_URL=http://127.0.0.1:8080/v1 deno task start"
        />
      </div>
    </section>
  );
}

function StartWith(
  { name, hint, command }: { name: string; hint: string; command: string },
): VNode {
  return (
    <div class="job">
      <div class="wide">
        <div class="job-name">{name}</div>
        <div class="job-sub">{hint}</div>
        <div class="command">
          <code>{command}</code>
          <CopyButton text={command} label={`Copy the command for ${name}`} />
        </div>
      </div>
    </div>
  );
}

function LocalServer({ offer }: { offer: LocalOffer }): VNode {
  const [state, setState] = useState<"idle" | "busy" | string>("idle");
  const use = async () => {
    setState("busy");
    try {
      await new ChatRequests(browserFetch).useLocal(offer.id);
      location.reload();
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      setState(error.refusal.message);
      announce(error.refusal.message);
    }
  };
  const isBusy = state === "busy";
  const models = offer.modelCount === 0
    ? "without a model yet"
    : `with ${formatPlural(offer.modelCount, "model")}`;
  return (
    <div class="job">
      <div>
        <div class="job-name">{offer.label} on this computer</div>
        <div class="job-sub">
          Found at its usual port, {models}. Nothing leaves this machine.
        </div>
      </div>
      <div class="job-mid">
        <span class="status" data-state="good">
          <Icon name="check" />
          Answers
        </span>
      </div>
      <div class="btn-row">
        <button
          class="btn btn-primary"
          type="button"
          aria-busy={isBusy ? "true" : undefined}
          disabled={isBusy || offer.modelCount === 0}
          onClick={use}
        >
          Use it<span class="sr">: {offer.label}</span>
        </button>
      </div>
      {!isBusy && state !== "idle" && <p class="wide field-error">{state}</p>}
    </div>
  );
}
