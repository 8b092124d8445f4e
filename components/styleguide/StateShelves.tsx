import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { JobStatusWord } from "@/components/jobs/JobState.tsx";
import { Moment } from "@/components/Moment.tsx";
import { Shelf } from "./Shelf.tsx";

const BADGES = [
  ["admin", undefined],
  ["beta", "accent"],
  ["up", "good"],
  ["in 3 days", "warn"],
  ["open", "bad"],
] as const;

/** What tells how things are, and what to do. */
export function StateShelves({ nowMs }: { nowMs: number }): VNode {
  return (
    <>
      <Shelf
        id="style-states"
        title="States and badges"
        note="Always a shape and a word; colour alone says nothing."
      >
        <div class="btn-row status-row">
          {(["queued", "running", "completed", "dead", "cancelled"] as const)
            .map((status) => <JobStatusWord key={status} status={status} />)}
          <span class="status" data-state="warn">
            <Icon name="retry" />
            Fell back
          </span>
        </div>
        <div class="btn-row">
          {BADGES.map(([word, kind]) => (
            <span key={word} class="badge" data-kind={kind}>{word}</span>
          ))}
        </div>
      </Shelf>
      <Callouts />
      <Shelf
        id="style-empty"
        title="Waiting and empty"
        note="A skeleton only after 300 ms. Empty says why and offers one action."
      >
        <div class="split">
          <div role="status" aria-busy="true" aria-label="Loading">
            <span class="skeleton"></span>
            <span class="skeleton w-3"></span>
            <span class="skeleton w-2"></span>
          </div>
          <div class="empty">
            <h3>No calls in these 7 days</h3>
            <p class="soft">
              Nothing was asked through key “field-tablet” between 17 and 23
              November.
            </p>
            <a class="btn btn-small" href="#style-empty">Show 90 days</a>
          </div>
        </div>
      </Shelf>
      <Floating />
      <Shelf
        id="style-moments"
        title="Moments"
        note="As seen from now; the exact time is in the tip."
      >
        <p class="btn-row">
          {[0, 3 * MINUTE_MS, 5 * HOUR_MS, 40 * DAY_MS].map((ago) => (
            <Moment
              key={ago}
              at={new Date(nowMs - ago).toISOString()}
              nowMs={nowMs}
            />
          ))}
          <Moment
            at={new Date(nowMs + 2 * DAY_MS).toISOString()}
            nowMs={nowMs}
            isAhead
          />
          <Moment at={null} nowMs={nowMs} />
        </p>
      </Shelf>
    </>
  );
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function Callouts(): VNode {
  return (
    <Shelf
      id="style-callouts"
      title="Callouts"
      note="What happened, what is safe, what to do; the id is under Details."
    >
      <div class="callout" data-kind="bad">
        <Icon name="alert" />
        <p>
          <strong>
            The answer stopped: the provider closed the connection.
          </strong>{" "}
          What had arrived is kept above.
        </p>
        <div class="btn-row">
          <button class="btn btn-small" type="button">
            <Icon name="retry" small />
            Continue
          </button>
        </div>
        <details>
          <summary>Details</summary>
          <p class="mono">req_7Jq2vX4mT9, 502 after 8.1 s</p>
        </details>
      </div>
      <div class="callout" data-kind="warn">
        <Icon name="clock" />
        <p>
          <strong>Too many requests.</strong> The next one can go in{" "}
          <span class="tnum">24 s</span>; it is sent for you.
        </p>
      </div>
      <div class="callout" data-kind="info">
        <Icon name="bell" />
        <p>Temporary thread. It is deleted when you close it.</p>
      </div>
      <div class="callout" data-kind="good">
        <Icon name="check" />
        <p>Backup finished: 412 MB in 9 s.</p>
      </div>
    </Shelf>
  );
}

function Floating(): VNode {
  return (
    <Shelf
      id="style-floating"
      title="Floating"
      note="What has a shadow floats; nothing else has one."
    >
      <div class="split">
        <div class="float-demo">
          <div class="menu" role="menu" aria-label="Example of a menu">
            <div class="menu-title">Models</div>
            <button
              class="menu-item"
              type="button"
              role="menuitemradio"
              aria-checked="true"
            >
              <span class="cut">gauge-large</span>
              <Icon name="check" small />
            </button>
            <button
              class="menu-item"
              type="button"
              role="menuitemradio"
              aria-checked="false"
              aria-disabled="true"
            >
              <span class="cut faint">gauge-small</span>
              <span class="badge" data-kind="bad">down</span>
            </button>
            <button
              class="menu-item is-danger"
              type="button"
              role="menuitem"
            >
              <Icon name="trash" />
              <span class="cut">Delete thread</span>
            </button>
          </div>
        </div>
        <div class="stack">
          <dialog
            class="dialog dialog-demo"
            open
            aria-labelledby="style-dialog"
          >
            <h2 id="style-dialog">Revoke key “alarm-bot”?</h2>
            <p>Programs that use it are refused at once.</p>
            <div class="btn-row">
              <button class="btn btn-quiet" type="button">Keep it</button>
              <button class="btn btn-danger is-sure" type="button">
                Revoke key
              </button>
            </div>
          </dialog>
          <div class="toast" role="status">
            Thread deleted
            <button class="btn btn-small" type="button">Undo</button>
          </div>
        </div>
      </div>
    </Shelf>
  );
}
