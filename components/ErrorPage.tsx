import type { AppError } from "@/lib/errors.ts";

export function ErrorPage(
  { error, requestId }: { error: AppError; requestId: string },
) {
  return (
    <main>
      <h1>{error.message}</h1>
      <p>{requestId}</p>
    </main>
  );
}
