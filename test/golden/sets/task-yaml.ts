/** Task files, as `Task.from_yaml` took them: our values of the same text, completed by the offers that the original had. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ClientError } from "../../../sdk/client/ClientError.ts"
import { type Complain, readPipeline, type Source } from "../../../sdk/task/document.ts"
import { findFiles } from "../../../sdk/task/find-files.ts"
import { type Given, readTask } from "../../../sdk/task/read-task.ts"
import { refuse } from "../../../sdk/task/refuse.ts"
import type { Answer, GoldenCase, GoldenSet } from "../GoldenSet.ts"
import { describeTask, meaning } from "./task-described.ts"
import { edited } from "./task-edits.ts"
import { taskYamlRules } from "./task-yaml-rules.ts"

let root = ""

const open = async () => {
  root = await mkdtemp(join(tmpdir(), "sky-golden-"))
  for (const folder of ["work/sub", "with space", "data", "data2", "home/homework"]) await mkdir(join(root, folder), { recursive: true })
  for (const file of ["data/a.txt", "data/b.txt", "data/my-v1.bin", "data2/a.txt", "file.txt", "run.sh", "home/homefile"])
    await writeFile(join(root, file), "x")
  await symlink(join(root, "work"), join(root, "link"))
  await symlink(join(root, "missing"), join(root, "broken"))
  return () => rm(root, { recursive: true, force: true })
}

const plain: Complain = (_, message, hint, tag) => refuse(message, hint, tag)

/** What is refused for its files is refused; paths stay as written, which is how the original held them. */
const taskOf = (source: Source, given: Given) => {
  const task = readTask(source, given)
  findFiles(task, source.complain, { cwd: root, home: join(root, "home") })
  return task
}

const read = ({ api, env_overrides, kwargs, ops, yaml }: GoldenCase["in"]): unknown => {
  if (kwargs !== undefined) {
    const { docker_image: _, ...fields } = kwargs
    return describeTask(taskOf({ fields, complain: plain }, {}))
  }
  const { name, tasks } = readPipeline(yaml, "task.yaml")
  const sources = tasks.length === 0 ? [{ fields: name === null ? {} : { name }, complain: plain }] : tasks
  const given = { envs: Object.fromEntries(env_overrides ?? []) }
  if (api === "dag") {
    const one = sources.length === 1
    const own = one && typeof sources[0]!.fields["name"] === "string" ? (sources[0]!.fields["name"] as string) : name
    return { dag_name: own, tasks: sources.map((source) => describeTask(taskOf(source, given))) }
  }
  if (sources.length > 1) throw refuse("a pipeline where one task is meant")
  return describeTask(edited(taskOf(sources[0]!, given), ops ?? []))
}

/** Every storage error is a ValueError, and what is no YAML was the error of the original's parser. */
const classesOf = (tag: string) =>
  tag.startsWith("Storage")
    ? [tag, "StorageSpecError", "ValueError"]
    : tag === "ValueError"
      ? [tag, "ScannerError", "ComposerError", "ConstructorError"]
      : [tag]

const answer = (input: GoldenCase["in"]): Answer => {
  try {
    return { out: read(JSON.parse(JSON.stringify(input).replaceAll("$TMP", root))) }
  } catch (error) {
    const { message, near, tag } = error as ClientError & { readonly near?: ReadonlyArray<string> }
    if (tag === undefined) throw error
    return { error: { classes: classesOf(tag), message, ...(near ? { about: near } : {}) } }
  }
}

export const taskYaml: GoldenSet = {
  name: "task-yaml",
  answer,
  meaning: (out) => meaning(JSON.parse(JSON.stringify(out).replaceAll(root, "$TMP"))),
  rules: taskYamlRules,
  open
}
