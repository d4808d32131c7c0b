/** What the flags of launch and exec do to a task. `none` resets what the file says. */

import { readFileSync, statSync } from "node:fs"
import { resolve } from "node:path"
import { envNamePattern } from "../../task/names.ts"
import type { Task } from "../../task/Task.ts"
import { stderr } from "../out.ts"
import { usageError } from "../render/error.ts"
import { parseEnvFile } from "./env-file.ts"
import { checkFlags } from "./flag-values.ts"
import { type Draft, type TaskFlags, wholeNumber } from "./options.ts"

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "you may not read it"
}

const readFile = (path: string, flag: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException
    throw usageError(`${flag} ${path} cannot be read: ${reasons[code] ?? message}.`)
  }
}

const envsOf = (flags: TaskFlags): Record<string, string> => {
  const file = flags["env-file"]
  const envs = file === undefined ? {} : parseEnvFile(readFile(file, "--env-file"), file)
  for (const pair of flags.env ?? []) {
    const at = pair.indexOf("=")
    const name = at < 0 ? pair : pair.slice(0, at)
    const value = at < 0 ? process.env[name] : pair.slice(at + 1)
    if (!envNamePattern.test(name)) throw usageError(`--env takes NAME=value or NAME, and '${name}' is no name.`)
    if (value === undefined) throw usageError(`env '${name}' has no value: it is not set here.`, `Give it one: --env ${name}=…`)
    envs[name] = value
  }
  return envs
}

/** On the wire a workdir is absolute; it means the caller's own folder. */
const findWorkdir = (path: string): string => {
  const expanded = path === "~" || path.startsWith("~/") ? `${process.env.HOME ?? ""}${path.slice(1)}` : path
  const folder = resolve(expanded)
  const found = statSync(folder, { throwIfNoEntry: false })
  if (found === undefined) throw usageError(`workdir ${path} does not exist (${folder}).`)
  if (!found.isDirectory()) throw usageError(`workdir ${path} is not a folder (${folder}).`)
  return folder
}

const given = (value: string | undefined) => value !== undefined && value !== ""
const reset = (value: string) => (value.toLowerCase() === "none" ? null : value)

export const applyFlags = (draft: Draft, flags: TaskFlags): Task => {
  checkFlags(flags)
  const resources = {
    ...draft.resources,
    ...(given(flags.cloud) ? { cloud: reset(flags.cloud!) } : {}),
    ...(given(flags.gpus) ? { accelerators: reset(flags.gpus!) } : {}),
    ...(given(flags.cpus) ? { cpus: reset(flags.cpus!) } : {}),
    ...(given(flags.memory) ? { memory: reset(flags.memory!) } : {})
  }
  const envs = { ...draft.envs, ...envsOf(flags) }
  for (const [name, value] of Object.entries(envs)) {
    if (value === null) throw usageError(`env '${name}' has no value.`, `Give it one: --env ${name}=…`)
  }
  const workdir = flags.workdir ?? draft.workdir
  return {
    ...draft,
    ...(given(flags.name) ? { name: flags.name! } : {}),
    ...(workdir ? { workdir: findWorkdir(workdir) } : {}),
    ...(flags["num-nodes"] === undefined ? {} : { num_nodes: wholeNumber("--num-nodes", flags["num-nodes"], 1) }),
    ...(Object.keys(resources).length > 0 ? { resources } : {}),
    envs: envs as Record<string, string>
  }
}

/** An exec uses the machines that are there. */
export const withoutMachine = (flags: TaskFlags, json: boolean): TaskFlags => {
  const { cpus, memory, ...used } = flags
  for (const [name, value] of Object.entries({ cpus, memory })) {
    if (value !== undefined && !json) stderr.write(`--${name} is ignored: the cluster is there already.\n`)
  }
  return used
}
