import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import CopyText from "@/islands/CopyText.tsx";
import { Shelf } from "./Shelf.tsx";

/** What can be pressed, typed into and chosen. */
export function ControlShelves(): VNode {
  return (
    <>
      <Buttons />
      <Fields />
      <Choices />
      <Shelf
        id="style-confirm"
        title="Before what cannot be taken back"
        note="The button opens what will happen and the form that does it, also without a script."
      >
        <Confirm
          label="Delete"
          what="The backup is removed from the disk of the server. The store stays as it is."
        >
          <button class="btn btn-danger is-sure" type="button">
            Delete backup
          </button>
        </Confirm>
        <Confirm
          isOpen
          small
          label="Revoke"
          what="Programs that use the key are refused at once."
        >
          <button class="btn btn-danger is-sure" type="button">
            Revoke key
          </button>
        </Confirm>
        <p>
          <CopyText text="deno task backup" />
        </p>
      </Shelf>
    </>
  );
}

function Buttons(): VNode {
  return (
    <Shelf
      id="style-buttons"
      title="Buttons"
      note="One primary on a page. Verb first, and the same verb in what is said afterwards."
    >
      <div class="btn-row">
        <button class="btn btn-primary" type="button">Save</button>
        <button class="btn" type="button">Test connection</button>
        <button class="btn btn-quiet" type="button">Cancel</button>
        <button class="btn btn-danger" type="button">Delete thread</button>
        <button class="btn btn-danger is-sure" type="button">
          Delete for ever
        </button>
        <button class="btn" type="button" disabled>Disabled</button>
        <button class="btn" type="button" aria-busy="true">Testing</button>
        <button class="btn btn-quiet" type="button" aria-pressed="true">
          <Icon name="pin" small />
          Pinned
        </button>
        <button class="btn btn-quiet btn-icon" type="button" aria-label="Copy">
          <Icon name="copy" />
        </button>
        <button
          class="btn btn-quiet btn-icon btn-small"
          type="button"
          aria-label="More"
        >
          <Icon name="more" />
        </button>
        <button class="btn btn-small" type="button">Small</button>
        <button class="link-btn" type="button">Like a link</button>
      </div>
    </Shelf>
  );
}

const HINT = "Up to and including the version.";
const ERROR = "Private addresses need an entry in the allow-list.";

function Fields(): VNode {
  return (
    <Shelf
      id="style-fields"
      title="Fields"
      note="What is wrong stands under the field, and what was typed stays in it."
    >
      <FormTrouble message="The provider was not added." />
      <div class="split">
        <div class="stack">
          <FormField id="style-name" label="Name">
            <input class="input" id="style-name" value="River gauges" />
          </FormField>
          <FormField
            id="style-url"
            label="Base URL"
            hint={HINT}
            error={ERROR}
          >
            <input
              class="input mono"
              id="style-url"
              value="http://10.0.0.8/v1"
              {...describe("style-url", ERROR, HINT)}
            />
          </FormField>
        </div>
        <div class="stack">
          <FormField id="style-model" label="Default model">
            <select class="select" id="style-model">
              <option>gauge-large</option>
              <option>gauge-small</option>
            </select>
          </FormField>
          <FormField id="style-notes" label="Notes" hint="Markdown.">
            <textarea
              class="input"
              id="style-notes"
              rows={2}
              {...describe("style-notes", undefined, "Markdown.")}
            >
              Read at 06:00.
            </textarea>
          </FormField>
          <FormField id="style-locked" label="Set by the config file">
            <input class="input" id="style-locked" readOnly value="200" />
          </FormField>
        </div>
      </div>
    </Shelf>
  );
}

function Choices(): VNode {
  return (
    <Shelf id="style-choices" title="Choices, tabs, chips, tags">
      <label class="check">
        <input type="checkbox" checked />
        <span>Keep answering when the client leaves</span>
      </label>
      <label class="check">
        <input class="switch" type="checkbox" role="switch" checked />
        <span>Show cost under each answer</span>
      </label>
      <div class="btn-row">
        <fieldset class="segments">
          <legend class="sr">Range</legend>
          {["24 h", "7 d", "30 d"].map((range) => (
            <label key={range}>
              <input
                type="radio"
                name="style-range"
                checked={range === "7 d"}
              />
              {range}
            </label>
          ))}
        </fieldset>
        <span class="chip">
          notes.pdf
          <button type="button" aria-label="Remove notes.pdf">
            <Icon name="close" small />
          </button>
        </span>
        <a class="tag" href="#style-choices">fieldwork</a>
      </div>
      <nav class="tabs" aria-label="Example of tabs">
        <a href="#style-choices" aria-current="page">
          Active <span class="count">5</span>
        </a>
        <a href="#style-buttons">
          Failed <span class="count">1</span>
        </a>
      </nav>
    </Shelf>
  );
}
