import { HttpError } from "fresh";
import { ErrorPage } from "@/components/ErrorPage.tsx";
import { define } from "@/utils.ts";

/** For errors outside the app's own error pages: those of a middleware around them. */
export default define.page(function ErrorRoute({ error, state }) {
  const status = error instanceof HttpError ? error.status : 500;
  return (
    <ErrorPage
      error={{
        status,
        code: status === 500 ? "internal_error" : "bad_request",
        message: status === 500
          ? "Something went wrong on this server."
          : "The request was refused.",
      }}
      requestId={state.requestId ?? null}
    />
  );
});
