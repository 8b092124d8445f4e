/** Finds Chromium for the browser tests, and installs Debian's where there is none. */

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

async function find(): Promise<string | null> {
  const given = Deno.env.get("CHROMIUM_PATH");
  if (given !== undefined && await isFile(given)) return given;
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    for (const name of NAMES) {
      if (await isFile(`${folder}/${name}`)) return `${folder}/${name}`;
    }
  }
  const mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
  return await isFile(mac) ? mac : null;
}

async function run(command: string, args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args,
      env: { DEBIAN_FRONTEND: "noninteractive" },
      stdout: "null",
      stderr: "inherit",
    }).output();
    return success;
  } catch {
    return false;
  }
}

/**
 * The path of a Chromium that can be started.
 * @throws {Error} with what to do, when none is there and none can be installed
 */
export async function ensureChromium(): Promise<string> {
  const found = await find();
  if (found !== null) return found;
  const install = [
    "install",
    "-y",
    "--no-install-recommends",
    "chromium",
    "fonts-liberation",
  ];
  for (const [command, ...prefix] of [["apt-get"], ["sudo", "-n", "apt-get"]]) {
    await run(command, [...prefix, "update"]);
    if (await run(command, [...prefix, ...install])) break;
  }
  const installed = await find();
  if (installed === null) {
    throw new Error(
      "Cannot find Chromium for the browser tests: install it, or set CHROMIUM_PATH to a Chrome",
    );
  }
  return installed;
}
