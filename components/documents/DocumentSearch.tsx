import type { VNode } from "preact";

/** Searches in documents by a form. */
export function DocumentSearch(
  { action, label, query }: {
    action: string;
    label: string;
    query: string;
  },
): VNode {
  return (
    <form class="document-search" method="get" action={action} role="search">
      <div class="field">
        <label for="document-query">{label}</label>
        <input
          class="input"
          type="search"
          id="document-query"
          name="q"
          required
          maxLength={500}
          value={query}
        />
      </div>
      <button class="btn" type="submit">Search</button>
      {query !== "" && <a class="btn btn-quiet" href="?">Clear</a>}
    </form>
  );
}
