/** What stands beside exported data. */
export const README = `This is what you have in one workspace of Freshet.

account.json     who you are, in which workspace, and when this was exported
projects.jsonl   projects, one JSON object a line
tags.jsonl       tags
tasks.jsonl      tasks
schedules.jsonl  schedules, with their prompts
documents.jsonl  documents and what is known of them
documents/       each document as it was given
files.jsonl      files of /v1/files, given and made
files/           each of these files
batches.jsonl    batches of /v1/batches
notifications.jsonl  notifications
keys.jsonl       API keys: their names and terms, never the keys
usage.jsonl      what each answer used and cost; money in micro-dollars (1,000,000 is one US dollar)
threads.jsonl    threads
messages.jsonl   every message of every thread; parentId leads to the message it answers
threads/         each thread as Markdown, along the branch that was on view

Times are UTC. Temporary and deleted threads are not in it.
`;
