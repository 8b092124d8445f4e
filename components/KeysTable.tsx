import type { VNode } from "preact";

const KEYS: [keys: string[], action: string][] = [
  [["Enter"], "Send the question"],
  [["Shift", "Enter"], "Start a new line"],
  [["↑"], "Edit the last question, from an empty field"],
  [["Esc"], "Stop the answer"],
  [["Ctrl", "Shift", "O"], "New thread"],
  [["Ctrl", "K"], "Search threads"],
  [["Shift", "Esc"], "Go to the question field"],
  [["Ctrl", "/"], "Show this list"],
];

/** What the keyboard can do on the chat page. */
export function KeysTable(): VNode {
  return (
    <table class="table keys">
      <thead class="sr">
        <tr>
          <th scope="col">Keys</th>
          <th scope="col">What they do</th>
        </tr>
      </thead>
      <tbody>
        {KEYS.map(([keys, action]) => (
          <tr key={action}>
            <th scope="row">
              {keys.map((key) => <kbd key={key} class="key">{key}</kbd>)}
            </th>
            <td>{action}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
