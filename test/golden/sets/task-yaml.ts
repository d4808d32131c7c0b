/** Task files, as `Task.from_yaml` took them: our values of the same text, completed by the offers that the original had. */
import { writeFileSync } from "node:fs"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { toOptions } from "../../../sdk/api/field-names.ts"
import type { ClientError } from "../../../sdk/client/ClientError.ts"
import { type Complain, readPipeline, type Source } from "../../../sdk/task/document.ts"
import { findFiles } from "../../../sdk/task/find-files.ts"
import { readTask } from "../../../sdk/task/read-task.ts"
import { refuse } from "../../../sdk/task/refuse.ts"
import type { Need } from "../../../task/Need.ts"
import { taskText } from "../../../task/task-text.ts"
import { sky } from "../../unit/sdk/sdk.ts"
import type { Answer, GoldenCase, GoldenSet } from "../GoldenSet.ts"
import { resourcesOfNeed } from "./resources.ts"
import { describeTask, meaning } from "./task-described.ts"
import { edited } from "./task-edits.ts"
import { taskYamlRules } from "./task-yaml-rules.ts"

let root = ""
let files = 0

const open = async () => {
  root = await mkdtemp(join(tmpdir(), "sky-golden-"))
  for (const folder of ["work/sub", "with space", "data", "data2", "home/homework"]) await mkdir(join(root, folder), { recursive: true })
  for (const file of ["data/a.txt", "data/b.txt", "data/my-v1.bin", "data2/a.txt", "file.txt", "run.sh", "home/homefile"])
    await writeFile(join(root, file), "x")
  await symlink(join(root, "work"), join(root, "link"))
  await symlink(join(root, "missing"), join(root, "broken"))
  const before = { cwd: process.cwd(), home: process.env["HOME"] }
  process.chdir(root)
  process.env["HOME"] = join(root, "home")
  return () => {
    process.chdir(before.cwd)
    process.env["HOME"] = before.home
    return rm(root, { recursive: true, force: true })
  }
}

const plain: Complain = (_, message, hint, tag) => refuse(message, hint, tag)

/** What is said in options or a file, and then with methods, is what `sky.Task` makes of it. */
const ofApi = ({ kwargs, ops, yaml }: GoldenCase["in"]) => {
  if (kwargs !== undefined) return new sky.Task(toOptions(kwargs))
  const path = join(root, `task-${files++}.yaml`)
  writeFileSync(path, yaml)
  return edited(sky.Task.fromYaml(path), ops ?? [])
}

/** The API takes no values over those of a file, and no pipelines: those are read as the command line does. */
const ofWords = ({ env_overrides, yaml }: GoldenCase["in"]) => {
  const { name, tasks } = readPipeline(yaml, "task.yaml")
  const sources = tasks.length === 0 ? [{ fields: name === null ? {} : { name }, complain: plain }] : tasks
  const given = { envs: Object.fromEntries(env_overrides ?? []) }
  const read = (source: Source) => describeTask(findFiles(readTask(source, given), source.complain), taskText)
  return { name, sources, read }
}

const read = (input: GoldenCase["in"]): unknown => {
  if (input.api !== "dag" && input.env_overrides === undefined) {
    const task = ofApi(input)
    return describeTask(task.toYamlConfig(), ({ resources }) => String(task.setResources(resourcesOfNeed(resources as Need))))
  }
  const { name, read, sources } = ofWords(input)
  if (input.api !== "dag") return read(sources[0]!)
  const own = sources.length === 1 && typeof sources[0]!.fields["name"] === "string" ? sources[0]!.fields["name"] : name
  return { dag_name: own, tasks: sources.map(read) }
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
    const out = read(JSON.parse(JSON.stringify(input).replaceAll("$TMP", root)))
    return { out: JSON.parse(JSON.stringify(out).replaceAll(root, "$TMP")) }
  } catch (error) {
    const { message, name, near, tag = name } = error as ClientError & { readonly near?: ReadonlyArray<string> }
    if (!("exitCode" in (error as ClientError)) && tag !== "TypeError") throw error
    return { error: { classes: classesOf(tag), message, ...(near ? { about: near } : {}) } }
  }
}

export const taskYaml: GoldenSet = {
  name: "task-yaml",
  answer,
  meaning,
  rules: taskYamlRules,
  open
}
