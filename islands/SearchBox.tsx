import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useClock } from "@/components/chat/use_clock.ts";
import { Icon } from "@/components/Icon.tsx";
import { SearchResults } from "@/components/search/SearchResults.tsx";
import { SEARCH_FIELD_ID } from "@/components/search/search_field_id.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import {
  AsYouType,
  type Found,
  searchPath,
} from "@/lib/shared/search/as_you_type.ts";

export interface SearchBoxProps {
  /** What the address asks for. */
  query: string;
  found: Found;
  isLater: boolean;
  clock: Clock;
}

/** What a person who does not see the results is told. */
function inWords(found: Found): string {
  switch (found.type) {
    case "nothing":
      return "";
    case "trouble":
      return found.message;
    case "results": {
      const { items, nextCursor } = found.page;
      const more = nextCursor === null ? "" : " or more";
      return `${formatPlural(items.length, "thread")}${more} found`;
    }
  }
}

/** The search: a form that works by itself, and finds while one types where there is JavaScript. */
export default function SearchBox(props: SearchBoxProps): VNode {
  const clock = useClock(props.clock);
  const [shown, setShown] = useState({
    found: props.found,
    isLater: props.isLater,
  });
  const [text, setText] = useState(props.query);
  const [isBusy, setBusy] = useState(false);
  const search = useRef<AsYouType | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const typing = search.current = new AsYouType({
      fetch: (path, { signal, ...init }) => fetch(path, { ...init, signal }),
      onFound(found) {
        setBusy(false);
        setShown({ found, isLater: false });
        const query = found.type === "nothing" ? "" : found.query;
        history.replaceState(history.state, "", searchPath(query));
      },
    });
    // What was typed before the page came to life.
    if (field.current!.value !== props.query) askTyped();
    return () => typing.stop();
  }, []);
  const askTyped = (quietMs?: number) => {
    const typed = field.current!.value;
    setText(typed);
    setBusy(typed.trim() !== "");
    search.current!.ask(typed, quietMs);
  };
  const onTyped = (event: Event) => {
    // While a word is being composed it is not there yet.
    const isComposing = event instanceof InputEvent && event.isComposing;
    if (isComposing) setText(field.current!.value);
    else askTyped();
  };
  return (
    <>
      <form
        class="toolbar"
        action="/search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          askTyped(0);
        }}
      >
        <div class="search">
          <Icon name="search" />
          <label class="sr" for={SEARCH_FIELD_ID}>Search threads</label>
          <input
            ref={field}
            class="input"
            id={SEARCH_FIELD_ID}
            type="search"
            name="q"
            value={text}
            placeholder="Words, or “a phrase in quotes”"
            maxLength={500}
            autocomplete="off"
            autofocus={props.query === ""}
            onInput={onTyped}
            onCompositionEnd={onTyped}
          />
        </div>
        <button class="btn" type="submit" aria-busy={isBusy}>Search</button>
      </form>
      <p class="sr" role="status">{isBusy ? "" : inWords(shown.found)}</p>
      <SearchResults {...shown} clock={clock} />
    </>
  );
}
