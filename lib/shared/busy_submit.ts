/**
 * Shows that a form is on its way, and sends it once however often its button is pressed.
 * @returns undoes it
 */
export function busySubmit(form: HTMLFormElement): () => void {
  let busy: HTMLElement | null = null;
  const onSubmit = (event: SubmitEvent) => {
    if (busy !== null) {
      event.preventDefault();
      return;
    }
    busy = event.submitter;
    busy?.setAttribute("aria-busy", "true");
  };
  // Back from the next page, the browser may show this one as it was left.
  const onShow = () => {
    busy?.removeAttribute("aria-busy");
    busy = null;
  };
  form.addEventListener("submit", onSubmit);
  addEventListener("pageshow", onShow);
  return () => {
    form.removeEventListener("submit", onSubmit);
    removeEventListener("pageshow", onShow);
  };
}
