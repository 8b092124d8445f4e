import { ErrorPage } from "@/components/ErrorPage.tsx";
import { define } from "@/utils.ts";

/** For addresses without a page. */
export default define.page(function NotFound({ state }) {
  return (
    <ErrorPage
      error={{
        status: 404,
        code: "not_found",
        message: "The page was moved or never was.",
      }}
      requestId={state.requestId ?? null}
    />
  );
});
