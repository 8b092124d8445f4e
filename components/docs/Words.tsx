import { Fragment, type VNode } from "preact";

/** A sentence of the description of the APIs; what stands in backticks is code. */
export function Words({ text }: { text: string }): VNode {
  return (
    <>
      {text.split("`").map((part, place) => (
        <Fragment key={place}>
          {place % 2 === 1 ? <code>{part}</code> : part}
        </Fragment>
      ))}
    </>
  );
}
