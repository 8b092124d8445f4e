import { useSignal } from "@preact/signals";
import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { Page } from "@/components/Page.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import SearchBox from "@/islands/SearchBox.tsx";
import { AppError } from "@/lib/errors.ts";
import { loadNavigation } from "@/lib/http/chat_page.ts";
import {
  type Found,
  NOT_SEARCHABLE,
  RESULTS_PER_PAGE,
} from "@/lib/shared/search/as_you_type.ts";
import { define, type State } from "@/utils.ts";

/** What the address asks for, found; a query that is none is told in place of results. */
async function find({ state, url, req }: Context<State>): Promise<Found> {
  const query = (url.searchParams.get("q") ?? "").trim();
  if (query === "") return { type: "nothing" };
  try {
    const found = await state.services.search.find(state.space, query, {
      limit: RESULTS_PER_PAGE,
      cursor: url.searchParams.get("cursor"),
    }, req.signal);
    return { type: "results", query, page: found };
  } catch (error) {
    const isRefused = error instanceof AppError && error.status === 400;
    if (!isRefused) throw error;
    return { type: "trouble", query, message: NOT_SEARCHABLE };
  }
}

/** The same words looked for in documents. */
function documentsPath(query: string): string {
  return query.trim() === ""
    ? "/documents"
    : `/documents?q=${encodeURIComponent(query)}`;
}

export const handler = define.handlers({
  async GET(ctx) {
    const [navigation, found] = await Promise.all([
      loadNavigation(ctx.state),
      find(ctx),
    ]);
    return page({
      ...navigation,
      found,
      query: ctx.url.searchParams.get("q") ?? "",
      isLater: ctx.url.searchParams.has("cursor"),
    }, { status: found.type === "trouble" ? 400 : 200 });
  },
});

/** `/search`: threads by what was said in them. */
export default define.page<typeof handler>(function SearchThreads({ data }) {
  const rows = useSignal(data.rows);
  const current = useSignal<string | null>(null);
  const { query } = data;
  return (
    <Page rows={rows} current={current} clock={data.clock} viewer={data.viewer}>
      <Head>
        <title>
          {query === "" ? "Search · Freshet" : `${query} · Search · Freshet`}
        </title>
      </Head>
      <PageHead>
        <span class="cut">Search</span>
      </PageHead>
      <div class="page">
        <h1>Search</h1>
        <p class="hint">
          In threads. <a href={documentsPath(query)}>Search documents</a>
        </p>
        <SearchBox
          query={query}
          found={data.found}
          isLater={data.isLater}
          clock={data.clock}
        />
      </div>
    </Page>
  );
});
