import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { DocumentAct } from "@/components/documents/DocumentActs.tsx";
import { DocumentItem } from "@/components/documents/DocumentItem.tsx";
import { NewDocument } from "@/components/documents/NewDocument.tsx";
import { useDocumentNews } from "@/components/documents/use_document_news.ts";
import { Icon } from "@/components/Icon.tsx";
import { announce } from "@/lib/shared/announce.ts";
import {
  uploadFile,
  UploadRefused,
} from "@/lib/shared/documents/upload_client.ts";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { Document, Page, Problem } from "@/lib/shared/wire.ts";

export interface DocumentBoardProps {
  page: Page<Document>;
  /** Where this page begins; null: with the newest. */
  cursor: string | null;
  projects: readonly { id: string; name: string }[];
  form: FormState;
  readsOnly: boolean;
  nowMs: number;
}

const DEADLINE_MS = 30_000;

/** Files that are sent at the same time. */
const UPLOADS_AT_ONCE = 2;

/** The documents of whoever looks: taken in, followed and worked on in place. */
export default function DocumentBoard(props: DocumentBoardProps): VNode {
  const { cursor, projects, readsOnly } = props;
  const [items, setItems] = useState(props.page.items);
  const [isAwake, setIsAwake] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [notes, setNotes] = useState<Readonly<Record<string, string>>>({});
  const [busyId, setBusyId] = useState<string | null>(null);
  const [sentHere, setSentHere] = useState<ReadonlySet<string>>(new Set());
  const waiting = useRef<(() => Promise<void>)[]>([]);
  const sending = useRef(0);
  const gone = useRef(new AbortController());

  const path = cursor === null
    ? "/api/documents"
    : `/api/documents?cursor=${cursor}`;
  const read = async () => {
    const response = await fetch(path, {
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    if (!response.ok) return;
    const page: Page<Document> = await response.json();
    setItems(page.items);
  };
  const change = (id: string, news: Partial<Document>) =>
    setItems((all) =>
      all.map((each) => each.id === id ? { ...each, ...news } : each)
    );
  useDocumentNews({
    read,
    onProgress: ({ id, progress, message }) =>
      change(id, { progress, message }),
  });
  useEffect(() => {
    setIsAwake(true);
    const own = gone.current;
    return () => own.abort();
  }, []);

  const next = () => {
    while (sending.current < UPLOADS_AT_ONCE) {
      const work = waiting.current.shift();
      if (work === undefined) return;
      sending.current += 1;
      void work().finally(() => {
        sending.current -= 1;
        next();
      });
    }
  };
  const upload = async (file: File, projectId: string | null) => {
    let id = "";
    try {
      await uploadFile(file, {
        projectId,
        signal: gone.current.signal,
        onProgress: (document, uploadedBytes) => {
          const isNew = id === "";
          id = document;
          if (isNew) {
            setSentHere((all) => new Set(all).add(document));
            void read().catch(() => {});
          }
          change(id, { uploadedBytes });
        },
        onWaiting: (isWaiting) =>
          setNotes(({ [id]: _old, ...rest }) =>
            isWaiting ? { ...rest, [id]: "Waiting for the network" } : rest
          ),
      });
      announce(`${file.name} is uploaded`);
    } catch (error) {
      if (gone.current.signal.aborted) return;
      const message = error instanceof UploadRefused
        ? `${file.name}: ${error.message}`
        : `${file.name} could not be read.`;
      setTrouble(message);
      announce(message);
      setSentHere((all) => new Set([...all].filter((each) => each !== id)));
    }
    await read().catch(() => {});
  };
  const take = (files: readonly File[], projectId: string | null) => {
    setTrouble(null);
    waiting.current.push(
      ...files.map((file) => () => upload(file, projectId)),
    );
    next();
  };
  const act = async (document: Document, action: DocumentAct) => {
    const { id, name } = document;
    const isDelete = action === "delete";
    if (isDelete && !confirm(`Delete “${name}” for good?`)) return;
    setBusyId(id);
    setTrouble(null);
    try {
      const response = await fetch(
        isDelete ? `/api/documents/${id}` : `/api/documents/${id}/${action}`,
        {
          method: isDelete ? "DELETE" : "POST",
          signal: AbortSignal.timeout(DEADLINE_MS),
        },
      );
      if (!response.ok) {
        const problem: Partial<Problem> = await response.json()
          .catch(() => ({}));
        setTrouble(problem.detail ?? "That did not work.");
      } else if (isDelete) {
        setItems((all) => all.filter((each) => each.id !== id));
        announce(`${name} is deleted`);
      } else change(id, await response.json());
    } catch {
      setTrouble("The server could not be reached. Nothing was changed.");
    } finally {
      setBusyId(null);
    }
  };

  return (
    <>
      {!readsOnly && cursor === null && (
        <NewDocument
          projects={projects}
          form={props.form}
          onFiles={isAwake ? take : undefined}
        />
      )}
      {trouble !== null && (
        <div class="callout" data-kind="bad" role="alert">
          <Icon name="alert" />
          <p>
            <strong>{trouble}</strong>
          </p>
        </div>
      )}
      {items.length === 0
        ? (
          <div class="empty">
            <h2>
              {cursor === null ? "No documents yet" : "No documents here"}
            </h2>
            <p class="soft">
              {cursor === null
                ? "Documents you add can be searched, and answers in the threads of their project may quote them."
                : "These are all there are."}
            </p>
          </div>
        )
        : (
          <ul class="jobs" aria-label="Documents">
            {items.map((document) => (
              <DocumentItem
                key={document.id}
                document={document}
                project={projects.find(({ id }) => id === document.projectId)
                  ?.name ?? null}
                nowMs={props.nowMs}
                readsOnly={readsOnly}
                back="/documents"
                isBusy={busyId === document.id}
                note={notes[document.id]}
                isSentHere={sentHere.has(document.id)}
                onAct={isAwake ? act : undefined}
              />
            ))}
          </ul>
        )}
    </>
  );
}
