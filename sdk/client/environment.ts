/**
 * The environment that a daemon starts with: what reaches clouds and programs, and nothing else of the first caller's shell.
 * Requests carry what they need.
 */
const kept =
  /^(HOME|LANG|LC_.+|TZ|USER|LOGNAME|SHELL|SSH_AUTH_SOCK|(http|https|all|no|ftp)_proxy|AWS_.+|GOOGLE_.+|CLOUDSDK_.+|SKYD_.+|SKYPILOT_CONFIG|XDG_.+)$/
const isProxy = /^(HTTP|HTTPS|ALL|NO|FTP)_PROXY$/

export const daemonEnvironment = (env: NodeJS.ProcessEnv): Record<string, string> => {
  const reduced: Record<string, string> = { UV_THREADPOOL_SIZE: "16" }
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && name !== "SKYD_HOME" && (kept.test(name) || isProxy.test(name))) reduced[name] = value
  }
  // npx and npm run put their own folders first; they belong to one checkout.
  reduced.PATH = (env.PATH ?? "")
    .split(":")
    .filter((folder) => folder !== "" && !folder.split("/").includes("node_modules"))
    .join(":")
  return reduced
}
