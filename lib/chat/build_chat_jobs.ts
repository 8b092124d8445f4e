/** Builds what the chat has done by jobs: titles, questions in the background, tasks. */
import type { StoredCallers } from "@/lib/auth/stored_callers.ts";
import type { Consumers } from "@/lib/events/consumers.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import { AnswerBackground } from "@/lib/jobs/kinds/answer_background.ts";
import { TaskRun } from "@/lib/jobs/kinds/task_run.ts";
import { ThreadTitle } from "@/lib/jobs/kinds/thread_title.ts";
import type { Chat } from "./chat.ts";
import { JobAnswers } from "./job_answers.ts";
import type { Projects } from "./projects.ts";
import { TaskRunConsumer } from "./task_run_consumer.ts";
import { TaskRuns } from "./task_runs.ts";
import { TaskStore } from "./task_store.ts";
import type { Threads } from "./threads.ts";
import { TitleConsumer } from "./title_consumer.ts";
import type { Titles } from "./titles.ts";

export interface ChatJobParts {
  store: ConstructorParameters<typeof TaskStore>[0];
  storedCallers: StoredCallers;
  chat: Chat;
  threads: Threads;
  projects: Projects;
  titles: Titles;
  consumers: Pick<Consumers, "add">;
  jobs: Jobs;
  jobStore: JobStore;
  jobKinds: JobKinds;
}

/** Services that routes use beside the jobs themselves. */
export interface ChatJobServices {
  /** Has models do tasks. */
  taskRuns: TaskRuns;
}

export function buildChatJobs(parts: ChatJobParts): ChatJobServices {
  const { store, chat, threads, projects, titles } = parts;
  const { consumers, jobs, jobStore, jobKinds } = parts;
  const answers = new JobAnswers({
    chat,
    threads,
    callers: parts.storedCallers,
  });
  const tasks = new TaskStore(store);
  const taskRuns = new TaskRuns({ tasks, threads, projects, jobs, jobStore });
  jobKinds.add(new AnswerBackground(answers));
  jobKinds.add(new TaskRun(taskRuns, answers));
  jobKinds.add(new ThreadTitle(titles));
  consumers.add(new TitleConsumer({ titles, jobs, jobStore }));
  consumers.add(new TaskRunConsumer({ tasks, jobStore, answers }));
  return { taskRuns };
}
