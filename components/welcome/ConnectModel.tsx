import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import Command from "@/islands/Command.tsx";
import UseLocalServer from "@/islands/UseLocalServer.tsx";
import type { LocalOffer } from "@/lib/shared/chat/setup.ts";
import { formatPlural } from "@/lib/shared/format.ts";

/** How to have a model answer instead of the demo: what was found here first, then by settings. */
export function ConnectModel({ offers }: { offers: LocalOffer[] }): VNode {
  return (
    <section aria-labelledby="connect-title">
      <h2 id="connect-title">Connect a model</h2>
      <div class="mt-2">
        {offers.map((offer) => <LocalServer key={offer.id} offer={offer} />)}
        <StartWith
          name="OpenAI"
          hint="Start Freshet with your key. It stays on this server and is never sent to a browser."
          command="OPENAI_API_KEY=sk-… npx -y deno@2.9.5 task start"
        />
        <StartWith
          name="Any compatible service"
          hint="vLLM, OpenRouter, LM Studio or Ollama: give its address, and a key if it wants one."
          command="OPENAI_BASE_URL=http://127.0.0.1:8080/v1 npx -y deno@2.9.5 task start"
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
        <Command text={command} label={`Copy the command for ${name}`} />
      </div>
    </div>
  );
}

function LocalServer({ offer }: { offer: LocalOffer }): VNode {
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
      <UseLocalServer
        id={offer.id}
        label={offer.label}
        isEmpty={offer.modelCount === 0}
      />
    </div>
  );
}
