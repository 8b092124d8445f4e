/** `document.fetch`: gets a document from an address. */
import {
  fetchDocument,
  type FetchParts,
} from "@/lib/documents/fetch_document.ts";
import type { WorkContext } from "@/lib/documents/ingestion.ts";
import {
  type DocumentInput,
  DocumentWork,
  shortName,
} from "./document_work.ts";

export class DocumentFetch extends DocumentWork {
  readonly kind = "document.fetch";
  readonly #parts: FetchParts;

  constructor(parts: FetchParts) {
    super();
    this.#parts = parts;
  }

  describe({ name }: DocumentInput): string {
    return `Download of “${shortName(name)}”`;
  }

  protected async work(context: WorkContext): Promise<string> {
    return await fetchDocument(this.#parts, context);
  }
}
