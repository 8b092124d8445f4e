/** Brings the document's head in line with what an island's `<Head>` holds. */
import { headElementKey } from "./head_elements.ts";

/**
 * Updates elements of the same key or kind and appends the others. The result removes what was
 * appended; updated elements stay, since the page owns them.
 */
export function syncDocumentHead(holder: Element): () => void {
  const appended: Element[] = [];
  for (const element of holder.children) {
    if (element.localName === "title") {
      document.title = element.textContent ?? "";
      continue;
    }
    const key = keyOf(element);
    const existing = key === null ? null : findByKey(key);
    if (existing !== null) {
      copyElement(element, existing);
      continue;
    }
    const copy = element.cloneNode(true) as Element;
    document.head.append(copy);
    appended.push(copy);
  }
  return () => appended.forEach((element) => element.remove());
}

function keyOf(element: Element): string | null {
  return headElementKey(
    element.localName,
    element.getAttribute("data-key"),
    (name) => element.getAttribute(name),
  );
}

function findByKey(key: string): Element | null {
  for (const element of document.head.children) {
    if (keyOf(element) === key) return element;
  }
  return null;
}

function copyElement(from: Element, to: Element): void {
  for (const { name } of [...to.attributes]) {
    // Browsers hide the nonce from getAttribute, so a copy must not drop it.
    if (name !== "nonce" && !from.hasAttribute(name)) to.removeAttribute(name);
  }
  for (const { name, value } of from.attributes) {
    if (to.getAttribute(name) !== value) to.setAttribute(name, value);
  }
  if (to.textContent !== from.textContent) to.textContent = from.textContent;
}
