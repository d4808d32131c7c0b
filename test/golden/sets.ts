/** The sets that we answer, by the name of their file. */
import type { GoldenSet } from "./GoldenSet.ts"
import { catalog } from "./sets/catalog.ts"
import { helpers } from "./sets/helpers.ts"
import { lessDemanding } from "./sets/less-demanding.ts"
import { names } from "./sets/names.ts"
import { optimize } from "./sets/optimize.ts"
import { resources } from "./sets/resources.ts"
import { showGpus } from "./sets/show-gpus.ts"
import { taskYaml } from "./sets/task-yaml.ts"

export const sets: ReadonlyArray<GoldenSet> = [resources, lessDemanding, names, helpers, taskYaml, catalog, optimize, showGpus]
